"""The program as it is installed, a service's socket, and what comes out of it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from headgate.events.sources.push.hint import Hint
from headgate.events.sources.push.install import NAME, program_text
from headgate.events.sources.push.socket import HintSocket
from headgate.events.sources.standings import Standing


@dataclass
class Place:
    """A directory that every account can enter, with the program in it."""

    directory: Path
    hints: list[Hint] = field(default_factory=list)
    standing: Standing = field(default_factory=Standing)

    @property
    def socket(self) -> Path:
        """Where the service listens."""
        return self.directory / "hints.sock"

    @property
    def program(self) -> Path:
        """The installed program."""
        return self.directory / NAME

    def call(
        self, *arguments: str, user: str | None = None, closed: bool = False
    ) -> subprocess.CompletedProcess[bytes]:
        """Start the program as slurmctld does: without PATH, HOME or LANG; ``closed``: without standard streams."""
        argv = [str(self.program), *arguments]
        if closed:
            argv = ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *argv]
        return subprocess.run(
            argv,
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
            user=user,
            extra_groups=None if user is None else [],
        )

    @asynccontextmanager
    async def listening(self, *users: str) -> AsyncIterator[HintSocket]:
        """Listen on the socket."""
        listener = HintSocket(self.socket, users, self.hints.append, self.standing, again=0.05)
        run = asyncio.create_task(listener.run())
        try:
            await until(self.socket.is_socket)
            yield listener
        finally:
            listener.stop()
            await asyncio.wait_for(run, 30)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


@pytest.fixture
def place() -> Iterator[Place]:
    directory = Path(tempfile.mkdtemp(prefix="headgate-test-"))
    directory.chmod(0o755)
    made = Place(directory)
    made.program.write_text(program_text(made.socket))
    made.program.chmod(0o755)
    yield made
    shutil.rmtree(directory)
