from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headgate.cli.main import headgate
from headgate.errors import NotFoundError, SpoolError
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


def test_list_names_what_was_set_aside_and_counts_what_waits(path: Path) -> None:
    answer = run(path, "list")
    assert answer.exit_code == 0
    assert BAD in answer.output
    assert "no subject" in answer.output
    assert GOOD not in answer.output
    assert "1 waiting" in answer.output
    assert "\x1b" not in answer.output


def test_list_as_json(path: Path) -> None:
    told = as_json(path, "list", "--waiting")
    assert [(one["name"], one["state"]) for one in told] == [
        (BAD, "set aside"), (STRANGE, "set aside"), (GOOD, "waiting"),
    ]  # fmt: skip
    assert (told[0]["size"], told[0]["why"]) == (8, "not a record\x1b[2J")
    assert told[2]["time"] == 1e-6


def test_an_empty_spool_has_nothing_to_list(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    assert as_json(tmp_path / "spool", "list") == []
    assert "None was set aside" in run(tmp_path / "spool", "list").output


def test_show_tells_how_a_record_is_read(path: Path) -> None:
    told = as_json(path, "show", GOOD)
    assert told["argv"][1:] == ["-s", SUBJECT.decode(), "alice"]
    assert told["environment"] == {"SLURM_JOB_ID": "5"}
    assert (told["request"]["kind"], told["request"]["job_id"], told["problem"]) == ("began", 5, "")
    answer = run(path, "show", GOOD)
    assert "SLURM_JOB_ID=5" in answer.output
    assert "kind: began" in answer.output
    assert "\x1b" not in answer.output


def test_show_tells_why_a_record_cannot_be_read(path: Path) -> None:
    told = as_json(path, "show", STRANGE)
    assert "neither the environment nor the subject" in told["problem"]
    assert (told["argv"][2], told["request"]) == ("Hello", None)
    told = as_json(path, "show", BAD)
    assert "not a record of headgate-mailprog" in told["problem"]
    assert (told["argv"], told["size"]) == ([], 8)
    assert "not a record of headgate-mailprog" in run(path, "show", BAD).output


def test_show_raw_writes_the_bytes(path: Path) -> None:
    assert run(path, "show", BAD, "--raw").stdout_bytes == b"\xffrubbish"


def test_retry_by_name_and_all(path: Path) -> None:
    assert as_json(path, "retry", BAD) == {"retried": [BAD]}
    assert MailSpool(path).names() == [GOOD, BAD]
    assert "1 retried" in run(path, "retry", "--all").output
    assert MailSpool(path).names() == [GOOD, BAD, STRANGE]
    assert MailSpool(path).aside() == []


def test_retry_wants_to_know_which(path: Path) -> None:
    assert run(path, "retry").exit_code == 2
    assert run(path, "retry", BAD, "--all").exit_code == 2
    assert len(MailSpool(path).aside()) == 2


def test_drop_deletes(path: Path) -> None:
    assert as_json(path, "drop", BAD) == {"dropped": [BAD]}
    assert [one.name for one in MailSpool(path).aside()] == [STRANGE]
    assert run(path, "drop").exit_code == 2


def test_drop_does_not_touch_what_waits(path: Path) -> None:
    assert isinstance(run(path, "drop", GOOD).exception, NotFoundError)
    assert MailSpool(path).names() == [GOOD]


def test_a_missing_spool_is_one_clear_error(tmp_path: Path) -> None:
    answer = run(tmp_path / "missing", "list")
    assert isinstance(answer.exception, SpoolError)
    assert "headgate mailprog install" in answer.exception.message
