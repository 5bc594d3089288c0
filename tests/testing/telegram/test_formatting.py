"""Telegram's HTML, read by the played Telegram."""

from __future__ import annotations

import pytest

from headgate.testing.telegram.errors import RefusedError
from headgate.testing.telegram.formatting import Part, read_html, units


def test_parts_are_counted_in_utf_16_units() -> None:
    text, parts = read_html("💩 <b>a💩 <i>b</i></b> &lt;&#128169;&gt;")
    assert text == "💩 a💩 b <💩>"
    assert parts == [Part("bold", 3, 5), Part("italic", 7, 1)]


def test_blanks_at_both_ends_do_not_count() -> None:
    assert read_html("  <b> a</b>\n") == ("a", [Part("bold", 0, 1)])


def test_links_have_their_address() -> None:
    assert read_html('<a href="https://x.org/?a=1&amp;b">l</a>')[1] == [Part("text_link", 0, 1, "https://x.org/?a=1&b")]


@pytest.mark.parametrize(
    "source",
    [
        "a < b",
        "a & b",
        "&nbsp;",
        "<b>x",
        "x</b>",
        "<b><i>x</b></i>",
        "<div>x</div>",
        "<b class='x'>y</b>",
        "<!-- x -->",
        "<code><b>x</b></code>",
        "<blockquote><blockquote>x</blockquote></blockquote>",
        "<a href='tg://user?id=1'>x</a>",
        "<a>x</a>",
        "<b",
    ],
)
def test_what_telegram_does_not_know_is_refused(source: str) -> None:
    with pytest.raises(RefusedError, match="can't parse entities"):
        read_html(source)


def test_units_are_those_of_utf_16() -> None:
    assert [units(text) for text in ("", "a", "ä", "\uffff", "💩")] == [0, 1, 1, 1, 2]
