"""A site's own text, read and cut."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies

from headgate.connectors.telegram.markup import units
from headgate.connectors.telegram.site_markup import WrongMarkupError, read_markup
from headgate.testing.telegram.formatting import read_html

FINE = '<b>bold <i>both</i></b> &lt; <a href="https://example.org/?a&amp;b">link</a>\n<pre><code>x</code></pre> 💩'


def test_text_that_fits_stays_as_it_is() -> None:
    read = read_markup(FINE, room=1000, marks=10)
    assert read.html == FINE
    assert (read.length, read.marks) == (units("bold both < link\nx 💩"), 5)


@given(strategies.integers(1, 25), strategies.integers(0, 5))
def test_text_is_never_cut_through_a_tag_or_a_sign(room: int, marks: int) -> None:
    source = FINE.replace("<code>", "").replace("</code>", "")
    read = read_markup(source, room=room, marks=marks)
    shown, parts = read_html(read.html)
    assert units(shown) <= read.length <= room
    assert len(parts) <= read.marks <= marks


@pytest.mark.parametrize(
    "text",
    [
        "<script>x</script>",
        "<b>x",
        "x</b>",
        "<b><i>x</b></i>",
        "a < b",
        "a & b",
        "<b onclick=x>y</b>",
        "<pre><b>x</b></pre>",
    ],
)
def test_what_telegram_would_refuse_is_refused(text: str) -> None:
    with pytest.raises(WrongMarkupError):
        read_markup(text, room=100, marks=10)
