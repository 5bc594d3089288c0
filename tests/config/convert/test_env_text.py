"""Variables are read as python-dotenv reads them, and each knows its line."""

from __future__ import annotations

import io

from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.config.convert.env_text import read_env
from headgate.config.convert.written import Written


def test_names_know_their_lines_and_values_whether_they_go_on() -> None:
    text = "\ufeff# one\n\n\nA=x\r\nexport B='y\nz'\n\nC\nD=1\nE=\"a\\nb\"\n"
    found = read_env(text)
    assert [(key, getattr(key, "line", 0)) for key in found.values] == [
        ("A", 4),
        ("B", 5),
        ("C", 8),
        ("D", 9),
        ("E", 10),
    ]
    assert [name for name, one in found.values.items() if isinstance(one, Written) and one.wrapped] == ["B", "E"]
    assert found.values["C"] is None


def test_lines_that_set_nothing_are_told() -> None:
    found = read_env("A=1\n\nB='q\nC=3\nD='4'\nE=5\nF=\"6\n")
    assert (dict(found.values), found.unread) == ({"A": "1", "E": "5"}, [3, 4, 5, 7])


def test_the_last_line_that_sets_a_variable_counts_and_is_named() -> None:
    found = read_env("A=1\nB=2\nA=3\n")
    assert found.values == {"B": "2", "A": "3"}
    assert [getattr(key, "line", 0) for key in found.values] == [2, 3]


@settings(deadline=None)
@given(text=st.text(alphabet="AB=\"'\\\n\r #$ex", max_size=40))
def test_it_reads_what_python_dotenv_reads(text: str) -> None:
    expected = dotenv_values(stream=io.StringIO(text, newline=""), interpolate=False)
    assert read_env(text).values == dict(expected)
