"""Daemons of a test's own: in a temporary directory, under their own account, gone afterwards whatever happens.

A small process watches over us: if we die, even by SIGKILL, it ends the daemons and removes the directory.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from headgate.testing.cluster import process
from headgate.testing.cluster.errors import ClusterError

_STOP = 20.0
"""Seconds a daemon has to end well before it is killed."""


class PrivateDaemons:
    """A temporary directory, and the daemons that run for it. Raises ClusterError if there is no such account.

    As root, the daemons run as ``account``, who owns the directory; else as ourselves.
    """

    def __init__(self, prefix: str, account: str) -> None:
        """Make the directory and start the watch."""
        self._account = _account(account)
        self.directory = Path(tempfile.mkdtemp(prefix=prefix))
        self._running: list[process.Process] = []
        self._guard: subprocess.Popen[bytes] | None = _start_guard(self.directory)
        self.own(self.directory)

    def own(self, *paths: Path) -> None:
        """Give files to the daemons' account."""
        if self._account is not None:
            for path in paths:
                os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def as_account(self, argv: Sequence[str | Path]) -> list[str]:
        """Return the words that run a command as the daemons' account."""
        words = [os.fspath(word) for word in argv]
        if self._account is None:
            return words
        ids = (f"--reuid={self._account.pw_uid}", f"--regid={self._account.pw_gid}")
        return ["/usr/bin/setpriv", *ids, "--clear-groups", *words]

    def start(self, argv: Sequence[str | Path], env: Mapping[str, str], log: Path) -> process.Process:
        """Start a daemon that stays in the foreground; what it says is added to ``log``."""
        started = process.spawn(self.as_account(argv), env, log)
        self._running.append(started)
        self._tell(f"{started.pid} {started.started}")
        return started

    def wait_for(self, daemon: process.Process, ports: Sequence[int], seconds: float, *logs: Path) -> None:
        """Wait until a daemon listens on these ports of 127.0.0.1. Raises ClusterError, with the end of its logs."""
        deadline = time.monotonic() + seconds
        while not all(map(is_listening, ports)):
            if not process.is_alive(daemon) or time.monotonic() > deadline:
                said = "".join(log.read_text(errors="replace") for log in logs if log.exists())
                raise ClusterError(f"the daemon of port {ports[0]} did not start: {said[-1000:]}")
            time.sleep(0.02)

    def copied(self, *secrets: Path) -> list[Path]:
        """Return copies in the directory that only the daemons' account can read."""
        copies = [self.directory / secret.name for secret in secrets]
        for secret, copy in zip(secrets, copies, strict=True):
            copy.write_bytes(secret.read_bytes())
            copy.chmod(0o600)
        self.own(*copies)
        return copies

    def stop(self, daemon: process.Process, number: signal.Signals = signal.SIGTERM) -> None:
        """End a daemon, with SIGKILL if it does not end by itself; wait until it is gone."""
        process.send(daemon, number)
        if not process.wait_gone([daemon], _STOP):
            process.send(daemon, signal.SIGKILL)
            process.wait_gone([daemon], _STOP)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(daemon.pid, 0)  # gone but for its last threads
        self._running = [other for other in self._running if other != daemon]

    def close(self) -> None:
        """End all daemons, the last one first, and remove the directory. A second call does nothing."""
        for daemon in reversed(self._running[:]):
            self.stop(daemon)
        if self._guard is not None:
            self._guard.communicate()  # it removes the directory
            self._guard = None

    def _tell(self, line: str) -> None:
        assert self._guard is not None  # noqa: S101 - nothing is started after `close`
        assert self._guard.stdin is not None  # noqa: S101 - it was asked for
        self._guard.stdin.write(line.encode() + b"\n")
        self._guard.stdin.flush()


class PrivateServer(ABC):
    """A server made of private daemons; use it as a context manager.

    Raises ClusterError, with the end of its log, when it cannot be started; nothing is left of it then.
    """

    name: ClassVar[str]
    """What errors and its directory are called by."""
    account: ClassVar[str]
    """Who runs it when we are root."""

    def __init__(self) -> None:
        self._daemons: PrivateDaemons | None = None

    @abstractmethod
    def prepare(self, daemons: PrivateDaemons) -> None:
        """Write what it needs into the directory. Raises ClusterError if a program is missing."""

    @abstractmethod
    def start(self) -> None:
        """Start it, and wait until it takes connections."""

    def __enter__(self) -> Self:
        """Make its directory, start it, and wait until it takes connections."""
        self._daemons = PrivateDaemons(f"headgate-{self.name}-", self.account)
        try:
            self.prepare(self._daemons)
            self.start()
        except BaseException:
            self._daemons.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and remove its directory with all it holds."""
        if self._daemons is not None:
            self._daemons.close()

    def _running(self) -> PrivateDaemons:
        if self._daemons is None:
            raise ClusterError(f"{self.name} is not running")
        return self._daemons


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def is_listening(port: int) -> bool:
    """Say whether somebody takes connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _account(name: str) -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise ClusterError(f"there is no account {name}: its Debian package is not installed") from None


def _start_guard(directory: Path) -> subprocess.Popen[bytes]:
    # It reads from a pipe that only we can write to: the pipe's end is our end, however it came.
    return subprocess.Popen(
        [sys.executable, "-m", "headgate.testing.daemons", str(directory)],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        start_new_session=True,
        cwd="/",
    )


def _watch(directory: Path) -> None:
    """Wait for the end of whoever started us; then end the daemons that still run, and remove the directory."""
    daemons = [process.Process(*map(int, line.split())) for line in sys.stdin.read().splitlines()]
    for daemon in reversed(daemons):
        process.end(daemon, _STOP)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    _watch(Path(sys.argv[1]))
