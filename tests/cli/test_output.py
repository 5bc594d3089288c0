"""What reaches the terminal, and what reaches programs."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.cli.output import moment, plain, show_fields, show_json, show_json_line, show_table

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
hostile = st.text(st.characters() | st.sampled_from("\x1b\x9b\x07\r\n\t\u202e\u2066\ud800[]"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | hostile,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile, inner, max_size=3),
    max_leaves=10,
)


@given(hostile)
def test_plain_is_one_line_that_steers_no_terminal(text: str) -> None:
    shown = plain(text)
    assert len(shown) == len(text)
    assert not CONTROL.search(shown)
    assert "\n" not in shown
    shown.encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0, "0"), (1.5, "1.5"), ("a\tb\nc", "a b c"), ("\x1b[31m", "�[31m"), ("é😀", "é😀")],
)
def test_values_are_shown_as_they_are(value: object, text: str) -> None:
    assert plain(value) == text


@given(values)
def test_json_means_the_value_and_steers_no_terminal(value: object) -> None:
    document, line = _shown(lambda: show_json(value)), _shown(lambda: show_json_line(value))
    assert json.loads(document) == json.loads(line) == value
    assert not CONTROL.search(document + line)
    assert line.count("\n") == 1


def test_an_unknown_kind_of_value_is_written_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"path": ValueError("x")})
    assert json.loads(capsys.readouterr().out) == {"path": "x"}


@pytest.mark.parametrize("name", ["[red]x[/red]", "[link=http://evil]x[/link]", ":smile:", "\x1b[31mx", "a\nb"])
def test_a_table_takes_no_orders_from_its_cells(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("ID", "NAME"), [(1, name), (2, None)], empty="None.")
    out = capsys.readouterr().out
    assert plain(name) in out
    assert not CONTROL.search(out)
    assert len([line for line in out.splitlines() if line[:1].isdigit()]) == 2


def test_an_empty_table_says_what_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("ID",), [], empty="No such events.")
    assert capsys.readouterr().out == "No such events.\n"


def test_fields_stand_one_a_line_and_lists_below_their_name(capsys: pytest.CaptureFixture[str]) -> None:
    show_fields({"Event": 5, "Data": ["a", "b\x1b"], "Deliveries": [], "User": None})
    assert capsys.readouterr().out.splitlines() == [
        "Event       5", "Data:", "  a", "  b�", "Deliveries  -", "User        -",
    ]  # fmt: skip


def test_no_fields_are_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_fields({})
    assert capsys.readouterr().out == ""


def test_a_moment_is_local_time_to_the_second() -> None:
    assert moment(None) == "-"
    assert re.fullmatch(r"2023-11-1[45] \d\d:\d\d:20", moment(1_700_000_000.9))


def _shown(show: Callable[[], None]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        show()
    return out.getvalue()
