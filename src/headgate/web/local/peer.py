"""Who is at the other end of a Unix socket: the kernel says so, and nobody can claim to be somebody else.

Source: ``SO_PEERCRED`` in unix(7): the process, user and group that called connect(2), as they were then.
"""

from __future__ import annotations

import asyncio
import pwd
import socket
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

_log = structlog.get_logger(__name__)

_CREDENTIALS: Final = struct.Struct("iII")
_OVERFLOW: Final = Path("/proc/sys/kernel/overflowuid")
_NOBODY: Final = 65534
MAX_CONNECTIONS: Final = 16
"""Connections one user may hold at a time."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A process at the other end of a connection."""

    pid: int
    uid: int
    gid: int


def peer_of(connection: socket.socket) -> Peer:
    """Return who connected. Raises OSError if the kernel does not say."""
    pid, uid, gid = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return Peer(pid, uid, gid)


def user_name(uid: int) -> str | None:
    """Return the name of a user id on this host; None if it has none, or is not one person's. Blocking.

    The overflow id stands for every user that the kernel cannot name in our user namespace.
    """
    if uid == _overflow_uid():
        return None
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return None


def _overflow_uid() -> int:
    try:
        return int(_OVERFLOW.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return _NOBODY


class PeerProtocol(H11Protocol):
    """HTTP whose requests know their peer: ``request.state.peer``."""

    _held: ClassVar[Counter[int]] = Counter()
    """User id -> connections it holds now, in this process."""
    _peer: Peer | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Ask the kernel who it is, and keep one user from taking every connection."""
        super().connection_made(transport)
        connection: Any = transport.get_extra_info("socket")
        try:
            peer = peer_of(connection)
        except OSError as error:
            _log.warning("local.no_peer", error=error.strerror)
            transport.abort()
            return
        self._peer = peer
        self._held[peer.uid] += 1
        self.app_state = {**self.app_state, "peer": peer}
        if self._held[peer.uid] > MAX_CONNECTIONS:
            _log.warning("local.too_many_connections", uid=peer.uid)
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the connection back."""
        if self._peer is not None:
            self._held[self._peer.uid] -= 1
            if self._held[self._peer.uid] <= 0:
                del self._held[self._peer.uid]
            self._peer = None
        super().connection_lost(exc)
