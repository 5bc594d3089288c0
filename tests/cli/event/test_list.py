from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.stored import HOSTILE, Site, empty_site


def test_events_are_listed_oldest_first(site: Site) -> None:
    lines = site.text("event", "list").splitlines()
    assert [line.split()[0] for line in lines if line[:1].isdigit()] == ["1", "2", "3", "4"]
    assert "job.ended" in lines[-1]
    assert "state=FAILED" in lines[-1]


def test_programs_get_all_of_each_event_as_it_is(site: Site) -> None:
    told = site.json("event", "list")
    assert [event["id"] for event in told] == [1, 2, 3, 4]
    assert told[3]["data"] == {"name": HOSTILE, "state": "FAILED", "exit_code": 3, "signal": 0}
    assert (told[0]["kind"], told[0]["time"], told[0]["user"]) == ("mail.requested", 1000.0, "ada")
    assert list(told[0]["witnesses"]) == ["mail"]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--kind", "job.*"], [3, 4]),
        (["--kind", "job.ended"], [4]),
        (["--job", "8"], [2]),
        (["--user", "ada"], [1, 3, 4]),
        (["--cluster", "other"], []),
        (["--since", "1h"], [2, 3, 4]),
        (["--until", "2001-01-01"], [1]),
        (["--limit", "2"], [3, 4]),
        (["--user", "ada", "--kind", "job.*", "--limit", "1"], [4]),
    ],
)
def test_options_choose(site: Site, options: list[str], numbers: list[int]) -> None:
    assert [event["id"] for event in site.json("event", "list", *options)] == numbers


def test_none_is_said_so(site: Site) -> None:
    assert site.text("event", "list", "--job", "99") == "No such events.\n"
    assert site.json("event", "list", "--job", "99") == []


@pytest.mark.parametrize(
    "options",
    [["--since", "yesterday"], ["--job", "x"], ["--job", "99999999999999999999"], ["--limit", "0"], ["--user"]],
)
def test_options_that_mean_nothing_are_refused(site: Site, options: list[str]) -> None:
    result: Any = site.run("event", "list", *options)
    assert result.exit_code == 2
    assert "Error:" in result.output


def test_a_store_that_is_not_prepared_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    done = empty_site(tmp_path).process("event", "list")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "headgate: the store has to be prepared first; run: headgate store migrate\n"
