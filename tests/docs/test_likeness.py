"""What a walk takes for the same as what its page shows, and what it does not."""

from __future__ import annotations

import pytest

from tests.docs.likeness import Known, difference, with_known


@pytest.mark.parametrize(
    ("shown", "came"),
    [
        ("Started: job 3", "Started:   job 3"),
        ("one\n  two", "zero\none two\nthree"),
        ("It ran for 12 s; its limit was 2 h.", "It ran for 1 min 4 s; its limit was 2 h."),
        ("CPU  [##....]  9 %", "CPU [#.....] < 1 %"),
        ("at 2026-11-21 03:36:11", "at 2027-01-02 10:00:00"),
        ("|Nov 29 18:29:56 UTC 2026|running|", "|Dec 1 08:09:06 UTC 2026|running|"),
        ("link 7QK2MV-4XHB9D", "link D0K6WE-FVDVC5"),
        ("job 5 ended; job 5 is over", "job 24 ended; job 24 is over"),
        ("first\n…\nlast", "first\nmany\nthings\nlast"),
        ("(there are: apprise, …)", "(there are: apprise, discord)"),
        ("ID  STATE\n5   dead", "ID  STATE\n17  dead"),
    ],
)
def test_what_each_run_makes_anew_may_differ(shown: str, came: str) -> None:
    assert difference(shown, came) == ""


@pytest.mark.parametrize(
    ("shown", "came", "line"),
    [
        ("exit code 3", "exit code 4", "exit code 3"),
        ("exit_code=3", "exit_code=30", "exit_code=3"),
        ("one\ntwo", "one\nthree", "two"),
        ("one\ntwo", "one\nand\ntwo", "two"),
        ("job 5 ended; job 5 is over", "job 24 ended; job 25 is over", "job 5 ended; job 5 is over"),
        ("It ran for 12 s", "It ran for long", "It ran for 12 s"),
        ("20 tasks, 2 failed", "20 tasks, 3 failed", "20 tasks, 2 failed"),
        ("a … b\nc", "a\nb\nc", "a … b"),
    ],
)
def test_everything_else_may_not_and_the_line_is_named(shown: str, came: str, line: str) -> None:
    assert difference(shown, came) == line


def test_lines_in_any_order_are_looked_for_one_by_one() -> None:
    assert difference("two\none", "one\ntwo", any_order=True) == ""
    assert difference("two\nthree", "one\ntwo", any_order=True) == "three"
    assert difference("two\none", "one\ntwo") == "one"


def test_all_numbers_may_differ_where_a_page_says_so() -> None:
    assert difference("holds 1204 events, 0.5 of them", "holds 7 events, 12 of them", numbers=True) == ""
    assert difference("holds 1204 events", "holds 7 mails", numbers=True) == "holds 1204 events"


def test_a_number_is_remembered_and_takes_the_place_of_the_pages_in_commands() -> None:
    known = Known()
    assert difference("job 24 is told\nID\n6  dead", "job 5 is told\nID\n8  dead", known) == ""
    assert with_known("headgate delivery list --job 24", known) == "headgate delivery list --job 5"
    assert with_known("headgate delivery show 6", known) == "headgate delivery show 8"
    assert with_known("headgate delivery list --job 7", known) == "headgate delivery list --job 7"
    assert difference("job 24", "job 24", known) == "job 24"
    known.forget("id")
    assert with_known("headgate delivery show 6", known) == "headgate delivery show 6"
