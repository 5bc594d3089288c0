"""A real SSH server of Debian's for two people, and what acts as them through it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from headgate.config.ssh import SshSettings
from headgate.executor.interface import Place
from headgate.executor.ssh import SshActor
from headgate.testing.cluster.accounts import USERS, ensure_users

USER = "ada"
SSHD = "/usr/sbin/sshd"


@dataclass
class LoginNode:
    """A running server, the directory of the users' files, and fake commands of Slurm."""

    process: subprocess.Popen[bytes]
    directory: Path
    port: int
    client: SshActor = field(init=False)

    @property
    def root(self) -> Path:
        return self.directory / "files"

    @property
    def bin(self) -> Path:
        return self.directory / "bin"

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()

    def place(self, path: str = "") -> Place:
        return Place(str(self.root), path)

    def program(self, name: str, text: str) -> None:
        """Put a program in the place of one of Slurm's."""
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def settings(self, **changes: object) -> SshSettings:
        given: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.port,
            "known_hosts": self.directory / "known_hosts",
            "keys": f"{self.directory}/keys/%u",
            "bin": self.bin,
        }
        return SshSettings.model_validate({**given, **changes})

    def actor(self, **changes: object) -> SshActor:
        return SshActor(self.settings(**changes), [str(self.root)])

    def sessions(self) -> list[int]:
        """Return the server's processes for connections, one each."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def processes(self) -> list[int]:
        """Return all that runs for connections: the server's processes, and what they started."""
        return _below(self.process.pid)

    def remote(self) -> list[int]:
        """Return the processes of the program that was sent."""
        return [pid for pid in self.processes() if b"headgate_remote" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def hang_up(self) -> None:
        """End every connection, by ending the server's two processes for it."""
        for pid in self.processes():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if Path(f"/proc/{pid}/comm").read_text() == "sshd\n":
                    os.kill(pid, signal.SIGKILL)

    def logins(self) -> int:
        return self.log.count("Accepted publickey")


def new_key(path: Path) -> None:
    subprocess.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def login_node(*lines: str) -> Iterator[LoginNode]:
    """Run a server, with more lines of its configuration."""
    if os.geteuid() != 0:
        pytest.skip("an SSH server for several people needs root")
    ensure_users()
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="headgate-ssh-"))
    directory.chmod(0o755)
    for name in ("files", "bin", "keys", "authorized"):
        (directory / name).mkdir()
    shutil.chown(directory / "files", USER, USER)
    for name in ("host", "ca", *(f"keys/{user}" for user in USERS)):
        new_key(directory / name)
    for user in USERS:
        shutil.copy(directory / f"keys/{user}.pub", directory / "authorized" / user)
    port = free_port()
    (directory / "known_hosts").write_text(f"[127.0.0.1]:{port} {(directory / 'host.pub').read_text()}")
    (directory / "config").write_text(
        "\n".join(
            [
                f"ListenAddress 127.0.0.1:{port}",
                f"HostKey {directory}/host",
                f"PidFile {directory}/pid",
                f"AuthorizedKeysFile {directory}/authorized/%u",
                f"TrustedUserCAKeys {directory}/ca.pub",
                "UsePAM no",
                "StrictModes no",  # all of this is below /tmp
                "PasswordAuthentication no",
                "LogLevel VERBOSE",
                *lines,
                "",
            ]
        )
    )
    command = [SSHD, "-D", "-f", str(directory / "config"), "-E", str(directory / "log")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd="/")
    try:
        while not listens(port):
            assert process.poll() is None, (directory / "log").read_text()
            time.sleep(0.02)
        yield LoginNode(process, directory, port)
    finally:
        left = _below(process.pid)
        process.terminate()
        process.wait(timeout=20)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while directory.exists():  # the server's last words may still be written
            shutil.rmtree(directory, ignore_errors=True)


def _below(pid: int) -> list[int]:
    """Return the children of a process, and theirs."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [*children, *(further for child in children for further in _below(child))]


@contextlib.asynccontextmanager
async def acting_by_ssh(*lines: str, **changes: object) -> AsyncIterator[LoginNode]:
    """Run a server, and what acts through it."""
    with login_node(*lines) as node:
        async with node.actor(**changes) as node.client:
            yield node
