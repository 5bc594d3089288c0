"""Text in Telegram's HTML, with the length Telegram counts; foreign text made plain: no mention, link or command. Pure.

Telegram's servers look for mentions, hashtags, addresses, commands, telephone and card numbers in every text, in HTML
mode too, and make them active. They leave alone what stands in ``code``, ``pre`` and ``a``. Everywhere else a WORD
JOINER (U+2060) parts the sign from what it would act on. Bounding comes first: a bounded text holds none of its own.
See https://core.telegram.org/bots/api#html-style and https://core.telegram.org/api/entities.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

JOINER = "\u2060"
"""Shown as nothing, breaks no line, and belongs to no name, address, number or tag."""
_PARTED = re.compile(
    r"(?<=[@#$])(?=\S)(?!\u2060)"  # mentions and mail addresses, hashtags, cashtags
    r"|(?<=/)(?<!\w/)(?=\S)(?!\u2060)"  # commands, and tg://
    r"|(?<=\.)(?!(?<=\d\.)\d+(?:[^\w.~@:/-]|$))(?=[^\s.])(?!\u2060)"  # addresses; 55.9 is none
    r"|(?<=\+)(?=\d)"  # telephone numbers
)
_NUMBER = re.compile(r"\d(?:[ ()-]*\d){9,}")
"""Telephone and card numbers: ten digits or more, in whatever groups."""
_SEVEN_DIGITS = re.compile(r"\d(?:[ ()-]*\d){6}(?=[ ()-]*\d)")


@dataclass(frozen=True, slots=True)
class Markup:
    """A text in Telegram's HTML. ``length``: UTF-16 units once the tags are read. ``marks``: tags, without the ends."""

    html: str = ""
    length: int = 0
    marks: int = 0

    def __add__(self, other: Markup) -> Markup:
        return Markup(self.html + other.html, self.length + other.length, self.marks + other.marks)

    def inside(self, tag: str) -> Markup:
        """Return it within a tag; nothing stays nothing."""
        if not self.html:
            return self
        return Markup(f"<{tag}>{self.html}</{tag}>", self.length, self.marks + 1)


NOTHING = Markup()


def units(text: str) -> int:
    """Return a text's length in UTF-16 units, by which Telegram measures."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def neutral(text: str) -> str:
    """Return foreign text in which Telegram finds nothing to make active."""
    parted = _PARTED.sub(JOINER, text)
    return _NUMBER.sub(lambda number: _SEVEN_DIGITS.sub(rf"\g<0>{JOINER}", number[0]), parted)


def plain(text: str) -> Markup:
    """Return one line of foreign text that does nothing."""
    return exact(neutral(text))


def exact(text: str) -> Markup:
    """Return text as it is: our own, or foreign text that will stand in ``code``, ``pre`` or ``a``."""
    return Markup(html.escape(text, quote=False), units(text))


def escape(text: str) -> str:
    """Return foreign text for a site's template."""
    return plain(text).html


def value(text: str) -> Markup:
    """Return foreign text that people may want to copy: what had to be parted is shown as ``code`` instead, whole."""
    return exact(text).inside("code") if neutral(text) != text else exact(text)


def link(label: str, url: str) -> Markup:
    """Return a link of ours; ``label`` alone if the address is none of the web."""
    if not url.startswith(("https://", "http://")) or not label:
        return plain(label or url)
    shown = plain(label)
    return Markup(f'<a href="{html.escape(url)}">{shown.html}</a>', shown.length, shown.marks + 1)


def joined(parts: Iterable[Markup], between: str = "\n") -> Markup:
    """Return the parts that are not empty, with something of ours between them."""
    whole = Markup()
    for part in parts:
        if part.html:
            whole = whole + exact(between) + part if whole.html else part
    return whole
