from __future__ import annotations

from pathlib import Path

from headgate.errors import SpoolError
from tests.cli.spool.conftest import BAD, GOOD, STRANGE, as_json, run


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


def test_a_missing_spool_is_one_clear_error(tmp_path: Path) -> None:
    answer = run(tmp_path / "missing", "list")
    assert isinstance(answer.exception, SpoolError)
    assert "headgate mailprog install" in answer.exception.message
