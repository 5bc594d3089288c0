"""Foreign text made fit to be shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.text import ELLIPSIS, REPLACEMENT, log_line, one_line

HOSTILE = st.text(st.characters(categories=None), max_size=300) | st.text(
    "\x1b[]0m;\r\n\t\x07a\u202e\u0301", max_size=80
)
STEERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("align", "align"),
        ("two\nlines\r\nand\ttab", "two lines and tab"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07done", "done"),
        ("\x1bP1$q\x1b\\after", "after"),
        ("bell\x07", f"bell{REPLACEMENT}"),
        ("abc\u202egpj.exe", f"abc{REPLACEMENT}gpj.exe"),
        ("zero\u200bwidth", "zerowidth"),
        ("\udcff byte", f"{REPLACEMENT} byte"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 4),
        ("naïve 😀 日本", "naïve 😀 日本"),
        ("  blanks  ", "blanks"),
        ("", ""),
    ],
)
def test_one_line_keeps_what_can_be_read_and_nothing_that_steers(text: str, shown: str) -> None:
    assert one_line(text, 100) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    assert one_line("a" * 100, 10) == "a" * 9 + ELLIPSIS


def test_a_text_as_long_as_allowed_is_not_cut() -> None:
    assert one_line("a" * 10, 10) == "a" * 10


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  indented", "  indented"),
        ("10 %\r50 %\r100 %\r\n", "100 %"),
        ("a\tb", "a       b"),
        ("\x1b[2Kcleared", "cleared"),
        ("line\n", "line"),
    ],
)
def test_a_log_line_is_what_a_terminal_would_have_left(text: str, shown: str) -> None:
    assert log_line(text, 100) == shown


@given(HOSTILE, st.integers(1, 50))
def test_no_text_comes_out_with_a_control_or_longer_than_allowed(text: str, limit: int) -> None:
    for shown in (one_line(text, limit), log_line(text, limit)):
        assert len(shown) <= limit
        assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
        assert not [char for char in shown if unicodedata.bidirectional(char) in STEERING]
        shown.encode()


@given(HOSTILE)
def test_cleaning_what_is_clean_changes_nothing(text: str) -> None:
    once = one_line(text, 200)
    assert one_line(once, 200) == once
