"""Text made plain in Slack's markup, mrkdwn, and cut to Slack's limits. Pure.

https://docs.slack.dev/messaging/formatting-message-text: ``&``, ``<`` and ``>`` have escapes; ``*``, ``_``, ``~``,
backticks and ``:emoji:`` have none, so that signs which only look like them have to stand in their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headgate.model.text import ELLIPSIS

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SIGNS = str.maketrans(
    {"*": "\N{ASTERISK OPERATOR}", "~": "\N{TILDE OPERATOR}", "`": "\N{MODIFIER LETTER GRAVE ACCENT}"}
)
_EDGE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""An underscore inside a word begins and ends nothing."""
_EMOJI = re.compile(r":(?!\d\d:\d\d)(?=[\w+'-]{1,100}:)")
"""The first colon of an emoji's name; a time of day is none."""
_QUOTE = re.compile(r"^>", re.MULTILINE)
"""A quote begins so even when the sign is escaped."""
_LINK = "://"
_APART = ":\N{WORD JOINER}//"
"""What looks like an address and is not made into a link."""
_HOST = re.compile(r"(?<!\w)(www)(?=\.)", re.IGNORECASE)
"""What begins an address that names no scheme."""
_TOKEN = re.compile(r"&(?:amp|lt|gt);|<[^<>\n]{0,2500}>|.", re.DOTALL)
"""What mrkdwn may not be cut inside of: an escape, a link; else one character."""


def escape(text: str) -> str:
    """Return text that mrkdwn shows as it is: no format, link, mention or emoji comes of it."""
    plain = _EDGE_UNDERSCORE.sub("\N{MODIFIER LETTER LOW MACRON}", text.translate(_SIGNS))
    plain = _QUOTE.sub("\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", _EMOJI.sub("\N{RATIO}", plain))
    return _HOST.sub("\\1\N{WORD JOINER}", plain.translate(_ENTITIES).replace(_LINK, _APART))


def is_literal(text: str) -> bool:
    """Whether escaping changes no more than entities, so that people can copy the text as it stands."""
    return escape(text) == text.translate(_ENTITIES)


def units(text: str) -> int:
    """Return a text's length in UTF-16 units: no limit that counts otherwise is passed by a text that keeps to it."""
    return len(text) + sum(character > "\uffff" for character in text)


def clip(text: str, limit: int) -> str:
    """Return plain text within a limit in UTF-16 units (at least 1), with ``…`` where it was cut."""
    if units(text) <= limit:
        return text
    return _head(text, limit - 1).rstrip() + ELLIPSIS


def _head(text: str, limit: int) -> str:
    taken = 0
    for number, character in enumerate(text):
        taken += 1 + (character > "\uffff")
        if taken > limit:
            return text[:number]
    return text


def pieces(markup: str, limit: int) -> Iterator[str]:
    """Yield mrkdwn in pieces within a limit, cut at line ends, or else never inside an escape or a link."""
    held: list[str] = []
    room = limit
    for token in _tokens(markup, limit):
        if units(token) > room:
            if whole := "".join(held).strip():
                yield whole
            held, room = [], limit
        held.append(token)
        room -= units(token)
    if whole := "".join(held).strip():
        yield whole


def _tokens(markup: str, limit: int) -> Iterator[str]:
    """Yield whole lines, and the parts of those that are longer than the limit."""
    for line in markup.splitlines(keepends=True):
        if units(line) <= limit:
            yield line
        else:
            yield from (token[0] if units(token[0]) <= limit else ELLIPSIS for token in _TOKEN.finditer(line))
