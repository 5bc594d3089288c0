"""Where the demonstration keeps its files, and which processes it started."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headgate.errors import HeadgateError
from headgate.testing.cluster.process import Process, boot_id, end, is_alive, spawn

STOP_SECONDS = 30.0
"""For the service to send what it is sending, and to stop; then it is killed."""
LAST_LINES = 15
"""Lines of a log that are shown when something failed."""


class DemoError(HeadgateError):
    """The demonstration cannot go on. The message says why, with the end of the log that tells more."""


class AtWorkError(DemoError):
    """Another run of the demonstration is at work in this directory."""


@dataclass(frozen=True, slots=True)
class Place:
    """One demonstration's directory; ``name`` is its cluster's name too."""

    name: str
    directory: Path

    @property
    def config(self) -> Path:
        """Headgate's configuration."""
        return self.directory / "headgate.toml"

    @property
    def store(self) -> Path:
        """The directory of the SQLite store."""
        return self.directory / "store"

    @property
    def spool(self) -> Path:
        """Where slurmctld hands mails over."""
        return self.directory / "spool"

    @property
    def mails(self) -> Path:
        """Mails as they were received."""
        return self.directory / "mails"

    @property
    def pages(self) -> Path:
        """The HTML parts of the mails, for a browser."""
        return self.directory / "html"

    @property
    def run(self) -> Path:
        """Sockets: of the service, for users, and of the chats."""
        return self.directory / "run"

    @property
    def socket(self) -> Path:
        """Where the service answers ``headgate me``."""
        return self.run / "headgate.sock"

    @property
    def executor(self) -> Path:
        """Where the root helper answers the service."""
        return self.run / "executor.sock"

    @property
    def templates(self) -> Path:
        """The site's job templates."""
        return self.directory / "templates"

    @property
    def jobs(self) -> Path:
        """The directories of jobs that are built for pull requests; the build account's."""
        return self.directory / "jobs"

    @property
    def deployed(self) -> Path:
        """Where what was built goes."""
        return self.directory / "deployed"

    @property
    def chats(self) -> Path:
        """Where the process of the chat services answers."""
        return self.run / "chats.sock"

    @property
    def mailprog(self) -> Path:
        """The hand-off program, as it is installed."""
        return self.directory / "bin" / "headgate-mailprog"

    def log(self, name: str) -> Path:
        """Return the file that takes what a process prints."""
        return self.directory / "log" / f"{name}.log"

    def make(self) -> None:
        """Make the directory. Raises DemoError if somebody else could change what is in it."""
        with contextlib.suppress(FileExistsError):
            self.directory.mkdir(mode=0o755)
        found = self.directory.lstat()
        if self.directory.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise DemoError(f"{self.directory} is not root's own directory: move it away")

    def clear(self) -> None:
        """Remove what an earlier run left, but for the record of its processes."""
        own = (self.store, self.spool, self.mails, self.pages, self.run, self.jobs, self.deployed)
        for path in (*own, self.log("").parent):
            shutil.rmtree(path, ignore_errors=True)
        for path in (self.pages, self.log("").parent):
            path.mkdir()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs of the demonstration out. Raises AtWorkError if one is at work."""
        handle = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise AtWorkError("Another ./dev demo is at work; end it by Ctrl-C first.") from None
        finally:
            os.close(handle)

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str]) -> Process:
        """Start a process that outlives this one, and write it down before anything else can happen."""
        interruptions = {signal.SIGINT, signal.SIGTERM}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, interruptions)
        try:
            process = spawn(argv, env, self.log(name))
            self._write(self.processes() | {name: process})
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return process

    def stop(self, name: str) -> bool:
        """End a process that was written down, if it still runs; return whether it did."""
        processes = self.processes()
        process = processes.pop(name, None)
        if process is None:
            return False
        ran = is_alive(process)
        end(process, STOP_SECONDS)
        self._write(processes)
        return ran

    def processes(self) -> dict[str, Process]:
        """Return the processes that were started since the machine was, by name."""
        try:
            kept = json.loads(self._record.read_text())
        except FileNotFoundError:
            return {}
        if kept["boot"] != boot_id():
            return {}
        return {name: Process(**process) for name, process in kept["processes"].items()}

    def failed(self, name: str, what: str) -> DemoError:
        """Return the error that says what failed, with the end of that process's log."""
        try:
            lines = self.log(name).read_text(errors="replace").splitlines()[-LAST_LINES:]
        except OSError:
            lines = []
        said = "\n".join(f"  {line}" for line in lines) or "  (nothing)"
        return DemoError(f"{what}\nThe end of {self.log(name)}:\n{said}")

    @property
    def _record(self) -> Path:
        return self.directory / "processes.json"

    def _write(self, processes: Mapping[str, Process]) -> None:
        kept = {name: {"pid": one.pid, "started": one.started} for name, one in processes.items()}
        fresh = self._record.with_suffix(".new")
        fresh.write_text(json.dumps({"boot": boot_id(), "processes": kept}, indent=2) + "\n")
        fresh.replace(self._record)
