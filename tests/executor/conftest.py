"""Real helpers in real processes: one as root for the service, one as a person for themselves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import headgate.executor
from headgate.executor.client import ExecutorClient
from headgate.executor.connection import Connection, connected
from headgate.executor.interface import Place
from headgate.testing.cluster.accounts import REST_USER, ensure_users
from tests.executor.sshd import LoginNode, acting_by_ssh

SOURCE = Path(headgate.executor.__file__).parent
SERVICE = REST_USER
"""Any system account will do as the service's."""
AS_THE_UNIT = ["/usr/bin/setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all,+setuid,+setgid,+kill"]
"""The privileges that headgate-executor.service leaves to root; test_units holds them together."""
USER, OTHER = "ada", "ben"
SWITCH = "OPENAT2 = kernel_has_openat2()\n"
WAITS = "headgate waits"
WAITS_FOR_SCRIPT = """\
#!/bin/sh
: >script
echo $$ >pid.new && mv pid.new pid
cat >script
touch submitted
echo 4711
"""
"""An sbatch that says what it saw of its script, and when it had all of it."""
PROGRAMS = ("headgate_executor.py", "headgate_verbs.py")


@contextlib.contextmanager
def seen_as(name: str) -> Iterator[None]:
    """Have this user id while connecting: that is when the kernel writes down who the peer is."""
    os.seteuid(pwd.getpwnam(name).pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


class ClientOf(ExecutorClient):
    """A client that is seen as some account."""

    def __init__(self, path: Path, account: str) -> None:
        super().__init__(path, patience=30, long_patience=60)
        self.path, self.account = path, account

    @contextlib.asynccontextmanager
    async def _connected(self, patience: float) -> AsyncIterator[Connection]:
        async with contextlib.AsyncExitStack() as stack:
            with seen_as(self.account):
                connection = await stack.enter_async_context(connected(self._path, patience))
            yield connection


@dataclass
class Helper:
    """A running helper, the directory of the user's files, and fake commands of Slurm."""

    process: subprocess.Popen[bytes]
    directory: Path
    log: Path
    account: str
    client: ClientOf = field(init=False)

    def __post_init__(self) -> None:
        self.client = ClientOf(self.directory / "executor.sock", self.account)

    @property
    def root(self) -> Path:
        return self.directory / "files"

    @property
    def bin(self) -> Path:
        return self.directory / "bin"

    def place(self, path: str = "") -> Place:
        return Place(str(self.root), path)

    def program(self, name: str, text: str) -> None:
        """Put a program in the place of one of Slurm's."""
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def children(self) -> list[int]:
        """Return the processes of the requests that are being done."""
        return [pid for pid, name in self._processes() if name != WAITS]

    def waiting(self) -> list[int]:
        """Return the processes that did what they were asked for, and are kept for the next request."""
        return [pid for pid, name in self._processes() if name == WAITS]

    def _processes(self) -> Iterator[tuple[int, str]]:
        own = self.process.pid
        for child in Path(f"/proc/{own}/task/{own}/children").read_text().split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                yield int(child), Path(f"/proc/{child}/comm").read_text().strip()

    def audit(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def connect(self, account: str | None = None) -> socket.socket:
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        opened.settimeout(20)
        with seen_as(account or self.account):
            opened.connect(str(self.client.path))
        return opened

    def say(self, data: bytes, account: str | None = None) -> dict[str, object]:
        """Send bytes and return the answer."""
        with self.connect(account) as opened:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                opened.sendall(data)
            return answer(opened)

    def ask(self, **request: object) -> dict[str, object]:
        data = json.dumps(request).encode()
        return self.say(len(data).to_bytes(4) + data)


def answer(opened: socket.socket) -> dict[str, object]:
    header = opened.recv(4, socket.MSG_WAITALL)
    text = opened.recv(int.from_bytes(header), socket.MSG_WAITALL)
    told = json.loads(text)
    assert isinstance(told, dict)
    return told


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def until(so: Callable[[], bool]) -> None:
    """Wait until it is so; the test's own time-out bounds it."""
    while not so():
        time.sleep(0.02)


async def until_async(so: Callable[[], bool]) -> None:
    while not so():
        await asyncio.sleep(0.02)


@contextlib.contextmanager
def running(*, alone: bool = False, openat2: bool = True, **settings: object) -> Iterator[Helper]:
    """Install a helper as an administrator does, and run it. Without ``openat2`` it opens as on older kernels."""
    if os.geteuid() != 0:
        pytest.skip("becoming users needs root")
    ensure_users()
    directory = Path(tempfile.mkdtemp(prefix="headgate-executor-"))
    directory.chmod(0o755)
    account = USER if alone else SERVICE
    for name in ("files", "bin"):
        (directory / name).mkdir()
    shutil.chown(directory / "files", USER, USER)
    for name in PROGRAMS:
        shutil.copy(SOURCE / name, directory / name)
        (directory / name).chmod(0o644)
    if not openat2:
        text = (directory / PROGRAMS[1]).read_text()
        assert SWITCH in text
        (directory / PROGRAMS[1]).write_text(text.replace(SWITCH, "OPENAT2 = False\n"))
    lines = {"service": SERVICE, "roots": directory / "files", "socket": directory / "executor.sock", **settings}
    config = directory / "executor.ini"
    config.write_text(
        "[executor]\n"
        + "".join(f"{key} = {value}\n" for key, value in lines.items())
        + f"[slurm]\nbin = {directory}/bin\n"
    )
    config.chmod(0o644)
    log = directory / "log"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(directory / "executor.sock"))
    (directory / "executor.sock").chmod(0o666)
    listener.listen(128)
    command = [sys.executable, "-IS", str(directory / PROGRAMS[0]), f"--config={config}"]
    command += [f"--listen-fd={listener.fileno()}", *(["--self"] if alone else [])]
    if not alone:
        command = [*AS_THE_UNIT, *command]
    with log.open("wb") as written:
        process = subprocess.Popen(
            command,
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=written,
            env={"SECRET": "of the service", "LD_LIBRARY_PATH": "/nowhere"},
            user=USER if alone else None,
            group=USER if alone else None,
            extra_groups=[] if alone else None,
            cwd="/",
        )
    listener.close()
    try:
        yield Helper(process, directory, log, account)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        shutil.rmtree(directory)


@pytest.fixture
def helper() -> Iterator[Helper]:
    with running() as made:
        yield made


Acting = Helper | LoginNode


@pytest.fixture(params=["executor", "self", "ssh"])
async def acting(request: pytest.FixtureRequest) -> AsyncIterator[Acting]:
    """Every way to act as a user."""
    if request.param == "ssh":
        async with acting_by_ssh() as node:
            yield node
    else:
        with running(alone=request.param == "self") as made:
            yield made
