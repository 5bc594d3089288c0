"""Telegram's HTML, read as strictly as it is documented: https://core.telegram.org/bots/api#html-style.

Written for the played Telegram alone and shared with no connector, so that it can judge them. What Telegram mends
without a word (a tag in ``code``, a link that is none) is refused here, since nobody sends that on purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from headgate.testing.telegram.errors import bad_request

_KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "code": "code", "pre": "pre", "a": "text_link", "blockquote": "blockquote",
}  # fmt: skip
_STRAY = re.compile(
    r"<(?!/?[a-z-]+(\s+[a-z]+(=(\"[^\"]*\"|'[^']*'))?)*\s*>)|&(?!(lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);)"
)
_CLOSED = frozenset({"code", "pre"})


@dataclass(frozen=True, slots=True)
class Part:
    """A ``MessageEntity``: offset and length in UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str = ""


def units(text: str) -> int:
    """Return a text's length as Telegram counts it."""
    return sum(2 if ord(sign) > 0xFFFF else 1 for sign in text)  # noqa: PLR2004 (the end of the basic plane)


def read_html(source: str) -> tuple[str, list[Part]]:
    """Return the text people see and its parts, blanks at both ends gone. Raises RefusedError."""
    stray = _STRAY.search(source)
    if stray:
        raise bad_request(f"can't parse entities: stray {stray[0]!r} at character {stray.start()}")
    reader = _Reader()
    reader.feed(source)
    reader.close()
    if reader.open:
        raise bad_request(f"can't parse entities: can't find end tag corresponding to start tag {reader.open[-1][0]}")
    return _trimmed("".join(reader.text), reader.parts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.parts: list[Part] = []
        self.open: list[tuple[str, int, str]] = []
        self._length = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _KINDS:
            raise bad_request(f'can\'t parse entities: unsupported start tag "{tag}"')
        inside = [name for name, _, _ in self.open]
        if _CLOSED.intersection(inside) or (tag == "blockquote" and tag in inside) or (tag == "a" and tag in inside):
            raise bad_request(f'can\'t parse entities: "{tag}" may not stand in "{inside[-1]}"')
        given = dict(attrs)
        url = given.pop("href", "") or "" if tag == "a" else ""
        if tag == "blockquote":
            given.pop("expandable", None)
        if given or (tag == "a" and not re.match(r"https?://[^\s/]", url)):
            raise bad_request(f'can\'t parse entities: attributes of "{tag}"')
        self.open.append((tag, self._length, url))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            raise bad_request(f'can\'t parse entities: unmatched end tag "{tag}"')
        _, start, url = self.open.pop()
        if self._length > start:
            self.parts.append(Part(_KINDS[tag], start, self._length - start, url))

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        self._length += units(data)


def _trimmed(text: str, parts: list[Part]) -> tuple[str, list[Part]]:
    left = len(text) - len(text.lstrip())
    shown = text.strip()
    length = units(shown)
    moved = []
    for part in parts:
        start, end = max(part.offset - left, 0), min(part.offset + part.length - left, length)
        if start < end:
            moved.append(Part(part.type, start, end - start, part.url))
    return shown, sorted(moved, key=lambda part: (part.offset, -part.length))
