"""A text of a foreign file knows its line; lines are said in few words."""

from __future__ import annotations

import pytest

from headgate.config.convert.written import Written, lines


def test_it_is_the_text_it_was_made_of() -> None:
    text = Written("ada", 3)
    assert (text, {"ada": 1}.get(text), text.line, text.wrapped) == ("ada", 1, 3, False)


@pytest.mark.parametrize(("text", "wrapped"), [("a\nb", True), ("a\rb", True), ("a\n", False), ("", False)])
def test_a_text_with_a_line_break_in_it_goes_over_several_lines(text: str, wrapped: bool) -> None:
    assert Written(text, 1).wrapped is wrapped


def test_what_is_left_of_it_is_of_the_same_place() -> None:
    left = Written("NOTIFICATIONS_SMTP_PORT", 7, wrapped=True).removeprefix("NOTIFICATIONS_")
    assert (left, left.line, left.wrapped) == ("SMTP_PORT", 7, True)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [([3], "line 3"), ([4, 3], "lines 3 to 4"), ([9, 3, 4, 5, 5, 11], "lines 3 to 5, 9, 11"), ([2, 2], "line 2")],
)
def test_lines_are_said_in_few_words(numbers: list[int], said: str) -> None:
    assert lines(numbers) == said
