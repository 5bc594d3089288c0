from __future__ import annotations

from html.parser import HTMLParser

import pytest

from headgate.connectors.bounds import within
from headgate.connectors.discord.preview import page_of
from headgate.connectors.discord.reading import inline, to_html
from headgate.connectors.discord.rendering import BOUNDS, message_of
from headgate.connectors.picture import efficiency_picture
from headgate.connectors.samples import SAMPLES, SUCCEEDED
from headgate.testing.conformance.hostile import HOSTILE, hostile_message

OWN_TAGS = frozenset(
    ("html", "head", "meta", "title", "style", "body", "div", "span", "b", "i", "a", "ul", "li", "pre", "code", "img")
)


class Tags(HTMLParser):
    """Keeps which elements a page has, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attributes if name in ("href", "src")]
        assert not [name for name, _ in attributes if name.startswith("on")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags_of(page: str) -> Tags:
    """Read a page; fail if it is not well formed."""
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    return tags


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_shown_as_a_page(name: str) -> None:
    tags = tags_of(page_of(message_of(within(SAMPLES[name], BOUNDS), key="k")))
    assert tags.tags <= OWN_TAGS


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_shown_as_text(name: str) -> None:
    tags = tags_of(page_of(message_of(within(hostile_message(HOSTILE[name]), BOUNDS), key="k")))
    assert tags.tags <= OWN_TAGS
    assert all(link.startswith("https://example.org/") for link in tags.links)


def test_the_picture_is_in_the_page() -> None:
    image = efficiency_picture(SUCCEEDED)
    assert image is not None
    page = page_of(message_of(SUCCEEDED, key="k", picture=True), image)
    assert any(link.startswith("data:image/png;base64,") for link in tags_of(page).links)


def test_our_markup_is_shown_as_what_it_means() -> None:
    assert inline("**a\\_b** *c* `d` \\<e") == "<b>a_b</b> <i>c</i> <code>d</code> &lt;e"
    assert inline("[a](https://example.org/)") == '<a href="https://example.org/">a</a>'
    assert to_html("x\n- a\n- b\n```\n**c**\n```") == ("<div>x</div><ul><li>a</li><li>b</li></ul><pre>**c**</pre>")
