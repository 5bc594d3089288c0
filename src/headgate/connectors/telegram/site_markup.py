"""A site's own text in Telegram's HTML: read, measured, and cut where it is too long, never through a tag. Pure."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from headgate.connectors.telegram.markup import Markup, units
from headgate.model.text import ELLIPSIS

_TAGS = frozenset(
    "a b strong i em u ins s strike del code pre blockquote span tg-spoiler tg-emoji tg-time".split()  # noqa: SIM905
)
"""https://core.telegram.org/bots/api#html-style."""
_TOKEN = re.compile(
    r"<(?P<end>/?)(?P<tag>[a-z-]+)(?P<attributes>(?:\s+[a-z-]+(?:=(?:\"[^\"<>]*\"|'[^'<>]*'))?)*)\s*>"
    r"|(?P<entity>&(?:lt|gt|amp|quot|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)"
    r"|(?P<wrong>[<>&])"
    r"|(?P<text>[^<>&]+)"
)


class WrongMarkupError(ValueError):
    """Telegram would refuse this text."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A tag, or a text between tags. ``shown``: what people see of it."""

    html: str
    tag: str = ""
    end: bool = False
    shown: str = ""


def read_markup(text: str, *, room: int, marks: int) -> Markup:
    """Return a text in Telegram's HTML, cut to ``room`` UTF-16 units (at least 1) and ``marks`` tags.

    Raises WrongMarkupError for a tag that Telegram does not know, that is not closed, or a sign that is not escaped.
    """
    pieces = _pieces(text)
    length = sum(units(piece.shown) for piece in pieces)
    used = sum(bool(piece.tag) and not piece.end for piece in pieces)
    if length <= room and used <= marks:
        return Markup(text, length, used)
    return _cut(pieces, room - 1, marks)


def _pieces(text: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    open_tags: list[str] = []
    for token in _TOKEN.finditer(text):
        if token["wrong"]:
            raise WrongMarkupError(f"{token['wrong']!r} at character {token.start()} is neither a tag nor escaped")
        if token["tag"]:
            _close(token["tag"], open_tags) if token["end"] else _open(token["tag"], open_tags)
        shown = "" if token["tag"] else html.unescape(token[0])
        pieces.append(_Piece(token[0], token["tag"] or "", bool(token["end"]), shown))
    if open_tags:
        raise WrongMarkupError(f"<{open_tags[-1]}> is not closed")
    return pieces


def _cut(pieces: list[_Piece], room: int, marks: int) -> Markup:
    """Return as much as fits, with an ellipsis after it."""
    kept: list[str] = []
    open_tags: list[str] = []
    length = used = 0
    for piece in pieces:
        if piece.tag and not piece.end:
            if used == marks:
                break
            open_tags.append(piece.tag)
            used += 1
        elif piece.end:
            open_tags.pop()
        if length + units(piece.shown) > room:
            # What is seen as one sign and written as an entity cannot be shortened; other text is what it shows.
            head = _head(piece.shown, room - length) if piece.html == piece.shown else ""
            kept.append(head)
            length += units(head)
            break
        kept.append(piece.html)
        length += units(piece.shown)
    ends = "".join(f"</{tag}>" for tag in reversed(open_tags))
    return Markup(f"{''.join(kept)}{ELLIPSIS}{ends}", length + 1, used)


def _open(tag: str, open_tags: list[str]) -> None:
    if tag not in _TAGS:
        raise WrongMarkupError(f"Telegram knows no <{tag}>")
    if (open_tags and open_tags[-1] == "code") or ("pre" in open_tags and tag != "code"):
        raise WrongMarkupError(f"<{tag}> stands in <{open_tags[-1]}>, which holds nothing but text")
    open_tags.append(tag)


def _close(tag: str, open_tags: list[str]) -> None:
    if not open_tags or open_tags.pop() != tag:
        raise WrongMarkupError(f"</{tag}> closes what is not open")


def _head(text: str, room: int) -> str:
    return text.encode("utf-16-le", "surrogatepass")[: 2 * room].decode("utf-16-le", "ignore")
