"""A PostgreSQL server of one's own, for tests and benchmarks: started in about a second, gone afterwards.

It runs Debian's binaries in a temporary directory and listens on a Unix socket in there only, so it takes no port and
nobody but its owner and root can reach it. Commits are on the disk when they return (``fsync`` stays on), as on a
server that is in earnest.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

from headgate.testing.cluster import process
from headgate.testing.cluster.errors import ClusterError

PROGRAMS = Path("/usr/lib/postgresql")
"""Where Debian's package keeps each major version's programs, in VERSION/bin."""
ACCOUNT = "postgres"
"""Who runs the server when we are root, which PostgreSQL refuses to be; also the name of its superuser."""
_START = 30.0
_STOP = 20.0


class PostgresServer:
    """A running PostgreSQL server; use it as a context manager, or call ``start`` and ``close``.

    ``settings`` are added to postgresql.conf. The server's directory is made in ``parent``, which the account postgres
    must be able to reach. A small process of its own watches over us: if we die, even by SIGKILL,
    it ends the server and removes the directory.
    """

    def __init__(self, settings: Mapping[str, str] | None = None, *, parent: Path | None = None) -> None:
        self._settings = dict(settings or {})
        self._parent = parent
        self._numbers = itertools.count(1)
        self._directory: Path | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._server: process.Process | None = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server and remove everything it wrote."""
        self.close()

    @property
    def directory(self) -> Path:
        """Where the server keeps its data, its socket and its log. Raises ClusterError before ``start``."""
        if self._directory is None:
            raise ClusterError("the PostgreSQL server has not been started")
        return self._directory

    @property
    def url(self) -> str:
        """The URL of the server's own first database, for a look at the server itself."""
        return self._url("postgres")

    @property
    def pid(self) -> int | None:
        """The server's process, None while it is stopped."""
        return self._server.pid if self._server else None

    def start(self) -> None:
        """Start the server, making its data the first time. Raises ClusterError, with the end of its log."""
        if self._directory is None:
            self._make()
        log, data = self.directory / "log", self.directory / "data"
        argv = [*_as_account(), str(_program("postgres")), "-D", str(data)]
        self._server = process.spawn(argv, _ENVIRONMENT, log)
        deadline = time.monotonic() + _START
        while not self._ready():
            if not process.is_alive(self._server) or time.monotonic() > deadline:
                end = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
                self.close()
                raise ClusterError(f"PostgreSQL did not start: {end}")
            time.sleep(0.02)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End the server, keep its data: SIGINT breaks connections off, SIGQUIT is a crash (postgres(1))."""
        if self._server is not None:
            process.send(self._server, number)
            if not process.wait_gone([self._server], _STOP):
                process.end(self._server, 0.0)
            self._server = None

    def close(self) -> None:
        """End the server and remove its directory. A second call does nothing."""
        self.stop()
        if self._guard is not None:
            self._guard.communicate()  # it removes the directory
            self._guard = None
        self._directory = None

    def new_database(self, *, template: str | None = None) -> str:
        """Make a database and return its URL: empty, or a copy of another one, which nobody may be connected to."""
        name = f"headgate_{next(self._numbers)}"
        copied = f" TEMPLATE {_name(template)} STRATEGY file_copy" if template else ""
        self._do(f"CREATE DATABASE {name}{copied}")
        return self._url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database, breaking off who is connected to it."""
        self._do(f"DROP DATABASE {_name(url)} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        import psycopg  # the guard below starts faster without

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _make(self) -> None:
        initdb = _program("initdb")
        directory = Path(tempfile.mkdtemp(prefix="headgate-postgresql-", dir=self._parent))
        self._guard = _start_guard(directory)
        self._directory = directory
        if os.geteuid() == 0:
            shutil.chown(directory, ACCOUNT)
        options = ["--no-sync", "--auth=trust", f"--username={ACCOUNT}", "--encoding=UTF8", "--locale=C.UTF-8"]
        process.run([*_as_account(), str(initdb), "-D", str(directory / "data"), *options], env=_ENVIRONMENT)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(directory),
            "max_connections": "100",
            "log_timezone": "UTC",
            **self._settings,
        }
        with (directory / "data/postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def _ready(self) -> bool:
        # The last line of postmaster.pid says how far the start has come (PostgreSQL's miscadmin.h).
        try:
            lines = (self.directory / "data/postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        # It may be found empty, while it is being written.
        return bool(lines) and lines[-1].strip() == "ready" and lines[0].strip() == str(self.pid)

    def _url(self, database: str) -> str:
        return f"postgresql://{ACCOUNT}@/{database}?host={quote(str(self.directory), safe='')}"


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _program(name: str) -> Path:
    found = sorted(PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: float(path.parent.parent.name))
    if not found:
        raise ClusterError(f"no {name} below {PROGRAMS}: install Debian's package postgresql")
    return found[-1]


def _as_account() -> list[str]:
    """Return what to put before a command so that it runs as an account PostgreSQL accepts."""
    if os.geteuid() != 0:
        return []
    try:
        account = pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise ClusterError(f"there is no account {ACCOUNT}: install Debian's package postgresql") from None
    return ["/usr/bin/setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


def _start_guard(directory: Path) -> subprocess.Popen[bytes]:
    # It reads from a pipe that only we can write to: the pipe's end is our end, however it came.
    argv = [sys.executable, "-m", "headgate.testing.postgresql", str(directory)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    return subprocess.Popen(argv, stdin=subprocess.PIPE, env=environment, start_new_session=True, cwd="/")


def _guarded_end(directory: Path) -> None:
    """Wait for the end of whoever started us; then end the server, if it still runs, and remove its directory."""
    sys.stdin.read()
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((directory / "data/postmaster.pid").read_text().splitlines()[0])
        # postmaster.pid may be a dead server's, and its number somebody else's by now: PostgreSQL works in its data.
        if Path(f"/proc/{pid}/cwd").samefile(directory / "data"):
            handle = os.pidfd_open(pid)
            signal.pidfd_send_signal(handle, signal.SIGQUIT)
            deadline = time.monotonic() + _STOP
            while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
                time.sleep(0.02)
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    _guarded_end(Path(sys.argv[1]))
