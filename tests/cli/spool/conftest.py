"""A spool with records of each kind, and the command line that looks at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headgate.cli.main import headgate
from headgate.events.sources.mail.headgate_mailprog import record
from headgate.events.sources.mail.spool import MailSpool

GOOD = "00000000000000001-1-00000001.mail"
BAD = "00000000000000002-1-00000002.mail"
STRANGE = "00000000000000003-1-00000003.mail"
SUBJECT = b"Slurm Job_id=5 Name=\x1b[31mx Began"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A spool with one record that waits, and two that were set aside."""
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / GOOD).write_bytes(record(1, [b"mail", b"-s", SUBJECT, b"alice"], {b"SLURM_JOB_ID": b"5"}))
    (spool / BAD).write_bytes(b"\xffrubbish")
    (spool / STRANGE).write_bytes(record(3, [b"mail", b"-s", b"Hello", b"alice"], {}))
    mails = MailSpool(spool)
    mails.set_aside(BAD, "not a record\x1b[2J")
    mails.set_aside(STRANGE, "no subject")
    return spool


def run(path: Path, *words: str) -> Result:
    return CliRunner().invoke(headgate, ["spool", *words, "--spool", str(path)])


def as_json(path: Path, *words: str) -> Any:
    return json.loads(run(path, *words, "--json").output)
