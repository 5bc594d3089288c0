"""Serving an application on a Unix socket that every user of the host may connect to."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from headgate.errors import ConfigError
from headgate.web.local.peer import PeerProtocol
from headgate.web.tracing import Traced

_LONGEST: Final = 107
"""Bytes of a Unix socket's path."""
_FOR_ALL: Final = 0o666
_MOST: Final = 256
"""Connections at a time, from all users."""


class _QuietServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the service."""
        yield


class LocalServer:
    """An HTTP server on one Unix socket. Raises ConfigError if the socket cannot be had."""

    def __init__(self, app: FastAPI, path: Path) -> None:
        """Take the path at once; a socket that a dead Headgate left there is taken away."""
        self._path = path
        self._lock = _lock(path)
        try:
            self._socket = _bound(path)
        except BaseException:
            os.close(self._lock)
            raise
        self._made = os.lstat(path)
        config = uvicorn.Config(
            Traced(app),
            http=PeerProtocol,
            ws="none",
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=5,
            timeout_keep_alive=5,
            limit_concurrency=_MOST,
            access_log=False,
            server_header=False,
        )
        self._server = _QuietServer(config)

    async def run(self) -> None:
        """Serve until ``stop``; then the socket is gone."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self.close()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._server.should_exit = True

    def close(self) -> None:
        """Take the socket away, if it is still ours. ``run`` does it, too."""
        self._socket.close()
        with contextlib.suppress(OSError):
            if os.path.samestat(os.lstat(self._path), self._made):
                self._path.unlink()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _lock(path: Path) -> int:
    """Hold the place as long as we live, so that no two services take it from each other."""
    _check(path)
    try:
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigError(f"the local socket {path} cannot be made: {error.strerror}", transient=True) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise ConfigError(f"another Headgate answers on the local socket {path}", transient=True) from None
    return lock


def _check(path: Path) -> None:
    """Refuse a place where others could put a socket of theirs in place of ours."""
    if len(os.fsencode(path)) > _LONGEST:
        raise ConfigError(f"the local socket's path is longer than {_LONGEST} bytes: {path}")
    try:
        place = path.parent.stat()
    except OSError as error:
        raise ConfigError(
            f"the local socket's directory {path.parent}: {error.strerror}; make it, or let systemd "
            "(RuntimeDirectory=headgate), or set local.socket",
            transient=True,
        ) from error
    if stat.S_IMODE(place.st_mode) & 0o002 and not place.st_mode & stat.S_ISVTX:
        raise ConfigError(f"everybody may write into {path.parent}: put the local socket elsewhere", transient=True)


def _bound(path: Path) -> socket.socket:
    """Return a socket that listens at this path: bound beside it and renamed, so that none is ever half made."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise ConfigError(f"the local socket {path} cannot be made: there is a file of that name", transient=True)
    beside = path.with_name(f".{os.getpid()}")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        beside.unlink(missing_ok=True)
        made.bind(os.fspath(beside))
        beside.chmod(_FOR_ALL)
        made.listen(128)
        beside.rename(path)
    except OSError as error:
        made.close()
        beside.unlink(missing_ok=True)
        raise ConfigError(f"the local socket {path} cannot be made: {error.strerror}", transient=True) from error
    return made
