"""What the played Telegram makes active."""

from __future__ import annotations

import pytest

from headgate.testing.telegram.active import active_parts
from headgate.testing.telegram.formatting import Part, read_html


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("@ab", {"mention"}),
        ("x@ab", set()),
        ("/job_1", {"bot_command"}),
        ("a/b", set()),
        ("#1", set()),
        ("#1a", {"hashtag"}),
        ("$USD", {"cashtag"}),
        ("$usd", set()),
        ("ftp://example.org/x", {"url"}),
        ("a.b", set()),
        ("1.5", set()),
        ("ada@example.org", {"url", "email"}),
        ("17", set()),
        ("+49 30 1234567", {"phone_number"}),
    ],
)
def test_active_is_what_telegram_finds(text: str, kinds: set[str]) -> None:
    assert {part.type for part in active_parts(text, [])} == kinds


@pytest.mark.parametrize("tag", ["code", "pre", "a href='https://x.org/'"])
def test_nothing_is_active_in_code_and_links(tag: str) -> None:
    text, marked = read_html(f"@a_b <{tag}>@c_d</{tag.split(maxsplit=1)[0]}> @e_f")
    assert [(part.type, part.offset) for part in active_parts(text, marked)] == [("mention", 0), ("mention", 10)]


def test_other_marks_hide_nothing() -> None:
    text, marked = read_html("💩<b>@a_b</b>")
    assert active_parts(text, marked) == [Part("mention", 2, 4)]
