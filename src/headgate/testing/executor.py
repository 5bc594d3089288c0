"""A real executor, as root, in a directory of its own: for tests and demonstrations that act as users."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

import headgate.executor

PROGRAMS = ("headgate_executor.py", "headgate_verbs.py")
AS_THE_UNIT = ("/usr/bin/setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all,+setuid,+setgid,+kill")
"""The privileges that headgate-executor.service leaves to root."""
_NONE: Final[Mapping[str, Path]] = MappingProxyType({})
_SOURCE = Path(headgate.executor.__file__).parent


class RunningExecutor:
    """Installs the executor into a directory, as an administrator does, and runs it; use it in a ``with`` statement.

    ``service``: the account that may ask. ``bin``: Slurm's commands; ``clusters``: those of further clusters,
    by name. ``settings``: more lines of its configuration.
    """

    def __init__(
        self,
        directory: Path,
        *,
        service: str,
        roots: Sequence[str] = ("~",),
        bin: Path = Path("/usr/bin"),  # noqa: A002 - Slurm's word
        clusters: Mapping[str, Path] = _NONE,
        **settings: object,
    ) -> None:
        self.directory = directory
        self.socket = directory / "executor.sock"
        self.log = directory / "executor.log"
        directory.mkdir(mode=0o755, exist_ok=True)
        directory.chmod(0o755)
        for name in PROGRAMS:
            shutil.copy(_SOURCE / name, directory / name)
            (directory / name).chmod(0o644)
        lines = {"service": service, "roots": " ".join(roots), "socket": self.socket, **settings}
        self._config = directory / "executor.ini"
        text = "".join(f"{key} = {value}\n" for key, value in lines.items())
        further = "".join(f"[slurm {name}]\nbin = {path}\n" for name, path in clusters.items())
        self._config.write_text(f"[executor]\n{text}[slurm]\nbin = {bin}\n{further}")
        self._config.chmod(0o644)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The number of its process."""
        if self._process is None:
            raise RuntimeError("the executor is not running")
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it; it answers from now on."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            self.socket.unlink(missing_ok=True)
            listener.bind(os.fspath(self.socket))
            self.socket.chmod(0o666)
            listener.listen(128)
            program = [sys.executable, "-IS", str(self.directory / PROGRAMS[0]), f"--config={self._config}"]
            with self.log.open("ab") as written:
                self._process = subprocess.Popen(
                    [*AS_THE_UNIT, *program, f"--listen-fd={listener.fileno()}"],
                    pass_fds=[listener.fileno()],
                    stdin=subprocess.DEVNULL,
                    stderr=written,
                    cwd="/",
                )

    def stop(self) -> None:
        """End it, and all it is doing."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)

    def kill(self) -> None:
        """End it with SIGKILL; what it was doing for users ends with it."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(timeout=20)

    def audit(self) -> list[dict[str, Any]]:
        """Return the lines of its audit log."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
