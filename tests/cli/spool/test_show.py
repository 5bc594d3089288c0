from __future__ import annotations

from pathlib import Path

from tests.cli.spool.conftest import BAD, GOOD, STRANGE, SUBJECT, as_json, run


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
