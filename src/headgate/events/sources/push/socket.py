"""The socket of hints: a datagram is a hint, if it comes from an account that may give some."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import socket
import stat
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import structlog

from headgate.errors import ConfigError
from headgate.events.sources.push.hint import LONGEST, Hint, read_hint
from headgate.events.sources.standings import Standing

_log = structlog.get_logger(__name__)
_FOR_ALL: Final = 0o666
"""Whoever may not give hints is found by the kernel's word, not by the socket's rights."""
_AT_ONCE: Final = 32
"""Datagrams read before a rest, so that nobody keeps the service busy."""
_REST: Final = 0.05
_AGAIN: Final = 30.0
"""Seconds until the socket is tried again when it cannot be had."""
_STRANGERS: Final = 100
"""Accounts whose hints are not wanted that are told of in the log, each once."""
_CREDENTIALS: Final = struct.Struct("3i")
"""pid, uid, gid: unix(7), struct ucred."""


class HintSocket:
    """Takes hints from ``headgate-trigger`` until it is stopped; tries again while the socket cannot be had."""

    def __init__(
        self,
        path: Path,
        users: Iterable[str],
        give: Callable[[Hint], None],
        standing: Standing,
        *,
        again: float = _AGAIN,
    ) -> None:
        """``users``: accounts whose hints count, besides root and our own. ``standing``: of the socket itself."""
        self._path = path
        self._users = tuple(users)
        self._give = give
        self._standing = standing
        self._again = again
        self._allowed: frozenset[int] = frozenset()
        self._strangers: set[int] = set()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    async def run(self) -> None:
        """Take hints until ``stop``. The socket is made only here: on a reload the one before has ended by then."""
        self._allowed = frozenset({0, os.geteuid(), *_numbers(self._users)})
        while not self._stop.is_set():
            try:
                made = _bound(self._path)
            except ConfigError as error:
                if error.message != self._standing.problem:
                    _log.error("hints.failed", error=error.message, again_seconds=self._again)
                self._standing.failed(error.message)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._again):
                        await self._stop.wait()
                continue
            self._standing.well()
            _log.info("hints.listening", socket=str(self._path))
            await self._listen(made)

    async def _listen(self, made: socket.socket) -> None:
        ours = os.lstat(self._path)
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(made, readable.set)
        stopped = asyncio.create_task(self._stop.wait())
        try:
            while not self._stop.is_set():
                waiting = asyncio.create_task(readable.wait())
                await asyncio.wait({waiting, stopped}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                loop.remove_reader(made)
                self._read(made)
                await asyncio.sleep(_REST)
                readable.clear()
                loop.add_reader(made, readable.set)
        finally:
            stopped.cancel()
            loop.remove_reader(made)
            made.close()
            with contextlib.suppress(OSError):
                if os.path.samestat(os.lstat(self._path), ours):
                    self._path.unlink()

    def _read(self, made: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                data, ancillary, _, _ = made.recvmsg(LONGEST, socket.CMSG_SPACE(_CREDENTIALS.size))
            except OSError:  # nothing more is there
                return
            sender = _sender(ancillary)
            hint = read_hint(data)
            if sender not in self._allowed:
                self._refuse(sender)
            elif hint is not None:
                self._standing.well()
                self._give(hint)

    def _refuse(self, sender: int) -> None:
        self._standing.failed(f"hints of account {sender} do not count: is it SlurmUser? then set push.users")
        if sender not in self._strangers and len(self._strangers) < _STRANGERS:
            self._strangers.add(sender)
            _log.warning("hints.refused", uid=sender)


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int:
    """Return the account that sent a datagram, as the kernel says; -1 if it does not."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS) and len(data) >= _CREDENTIALS.size:
            return int(_CREDENTIALS.unpack(data[: _CREDENTIALS.size])[1])
    return -1


def _numbers(users: Iterable[str]) -> list[int]:
    found = []
    for user in users:
        try:
            found.append(pwd.getpwnam(user).pw_uid)
        except KeyError:
            _log.warning("hints.no_such_user", user=user)
    return found


def _bound(path: Path) -> socket.socket:
    """Return a socket that is at this path: bound beside it and renamed, so that none is ever half made."""
    with contextlib.suppress(OSError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise ConfigError(f"the socket of hints {path} cannot be made: there is a file of that name")
    beside = path.with_name(f".hints.{os.getpid()}")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        beside.unlink(missing_ok=True)
        made.bind(os.fspath(beside))
        beside.chmod(_FOR_ALL)
        beside.rename(path)
    except OSError as error:
        made.close()
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        why = error.strerror or str(error)
        raise ConfigError(f"the socket of hints {path} cannot be made: {why}; set push.socket") from error
    return made
