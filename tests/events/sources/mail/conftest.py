"""The hand-off program as it is installed, and records as it writes them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.events.sources.mail.headgate_mailprog import record
from headgate.events.sources.mail.install import program_text
from headgate.events.sources.mail.record import MailRecord, parse_record


@dataclass(frozen=True)
class HandOff:
    """A placed program and its spool."""

    program: Path
    spool: Path

    def call(
        self, *arguments: str | bytes, env: Mapping[str, str] | Mapping[bytes, bytes] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Start it as slurmctld does: no PATH, HOME or LANG, nothing on standard input."""
        return subprocess.run(
            [str(self.program), *arguments],
            env=env or {},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )

    def altered(self, old: str, new: str) -> HandOff:
        """Return the same with one piece of its source replaced."""
        text = self.program.read_text()
        assert text.count(old) == 1
        program = self.program.with_name("altered")
        program.write_text(text.replace(old, new))
        program.chmod(0o755)
        return HandOff(program, self.spool)

    def names(self) -> list[str]:
        """Everything in the spool, hidden files too."""
        return sorted(path.name for path in self.spool.iterdir())

    def record(self) -> MailRecord:
        """Read the only record there is."""
        (name,) = self.names()
        return parse_record((self.spool / name).read_bytes(), name=name)


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that other accounts can reach, too; pytest's own are closed to them."""
    path = Path(tempfile.mkdtemp(prefix="headgate-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def hand_off(open_directory: Path) -> HandOff:
    spool, program = open_directory / "spool", open_directory / "headgate-mailprog"
    spool.mkdir()
    program.write_text(program_text(spool))
    program.chmod(0o755)
    return HandOff(program, spool)


Make = Callable[..., MailRecord]


@pytest.fixture
def made() -> Make:
    """Make a record as the hand-off writes it and as it is read back."""

    def make(subject: str, receivers: Sequence[str] = ("alice",), **environment: str) -> MailRecord:
        argv = [word.encode("utf-8", "surrogateescape") for word in ("mail", "-s", subject, *receivers)]
        variables = {name.encode(): value.encode("utf-8", "surrogateescape") for name, value in environment.items()}
        return parse_record(record(1_700_000_000_250_000, argv, variables), name="r")

    return make
