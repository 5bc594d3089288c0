"""Which lines of a comment are meant for the bot. Pure.

A comment is Markdown: what is shown as code, as a quotation, or not at all, is told by somebody and not said by them.
Markdown's blocks (https://spec.commonmark.org/0.31.2/#container-blocks) decide about that; a reader of fences alone is
wrong about lists, lazy lines and comments.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_BODY: Final = 64 * 1024
"""Characters of a comment that are read; GitHub takes 65,536."""
MAX_LINES: Final = 2000
_BREAK: Final = re.compile(r"\r\n|\n|\r")
"""Markdown's line endings, and no others: what looks like one to Python may stand in the middle of a quotation."""
_MARKED: Final = re.compile(r" {0,3}bot[ \t]*:(?P<text>.*)", re.IGNORECASE | re.DOTALL)
_UNMARKED: Final = re.compile(r" {0,3}@?bot[ \t]+(?P<text>.*)", re.IGNORECASE | re.DOTALL)
_HIDDEN: Final = re.compile(
    r"<(?:!--|\?|!\[CDATA|/?(?:pre|code|blockquote|script|style|template|textarea)\b)", re.IGNORECASE
)
_TICKS: Final = re.compile(r"(?<!`)`+(?!`)")
_OPENING: Final = re.compile(
    r"\\.|(?<!`)`+(?!`)|<!--|<(?P<tag>code|pre|kbd|samp|q|del|s)\b[^<>]*>", re.IGNORECASE | re.DOTALL
)
"""What begins a span of code or of HTML in a paragraph; what stands behind a backslash begins nothing."""


@dataclass(frozen=True, slots=True)
class Addressed:
    """A line for the bot: its number from 1, and what stands behind ``bot:``.

    ``colon``: whether it has one. ``quoted``: whether Markdown makes it part of the quotation above it.
    """

    number: int
    text: str
    colon: bool = True
    quoted: bool = False


def is_addressed(body: str) -> bool:
    """Tell whether ``parse`` would look at a line of this comment at all. Quick: it is asked of everything."""
    return any(True for _ in _candidates(body))


def addressed(body: str) -> list[Addressed]:
    """Return the lines for the bot: those that stand for themselves, not in code, quotations, or what is not shown."""
    candidates = list(_candidates(body))
    if not candidates:
        return []
    said, quoted = _spoken("\n".join(_BREAK.split(body[:MAX_BODY], MAX_LINES)[:MAX_LINES]))
    return [
        Addressed(number, text, colon, number in quoted)
        for number, text, colon in candidates
        if number in said or (number in quoted and colon)
    ]


def _candidates(body: str) -> Iterator[tuple[int, str, bool]]:
    """Yield number and text of the lines that begin as those for the bot do, and whether with a colon."""
    for number, line in enumerate(_BREAK.split(body[:MAX_BODY], MAX_LINES)[:MAX_LINES], 1):
        for pattern, colon in ((_MARKED, True), (_UNMARKED, False)):
            found = pattern.fullmatch(line)
            if found and (text := " ".join(found["text"].split())):
                yield number, text, colon
                break


def _spoken(body: str) -> tuple[set[int], set[int]]:
    """Return the numbers of the lines that are said, and of those that are part of a quotation's paragraphs."""
    said: set[int] = set()
    quoted: set[int] = set()
    depth = 0
    for token in _blocks().parse(body):
        depth += token.nesting if token.type.startswith("blockquote") else 0
        if token.map and _is_text(token):
            shown = set(range(token.map[0] + 1, token.map[1] + 1))
            shown -= {token.map[0] + 1 + line for line in _unsaid(token.content)}
            (quoted if depth else said).update(shown)
    return said, quoted


def _is_text(token: Token) -> bool:
    """Tell whether a block is shown as text; ``<details>`` is, a comment of HTML is not."""
    if token.type == "html_block":
        return _HIDDEN.search(token.content) is None
    return token.type == "inline"


def _unsaid(text: str) -> set[int]:
    """Return the lines of a paragraph, from 0, that begin in a span of code or in what HTML does not show."""
    found: set[int] = set()
    at, lower = 0, text.lower()
    closings: dict[str, list[int]] = {}
    for ticks in _TICKS.finditer(text):
        closings.setdefault(ticks[0], []).append(ticks.start())
    while (opening := _OPENING.search(text, at)) is not None:
        mark, at = opening[0], opening.end()
        if mark.startswith("`"):
            ends = closings[mark]
            place = bisect.bisect_left(ends, at)
            end = ends[place] if place < len(ends) else -1
        elif mark.startswith("<"):
            closing = "-->" if mark == "<!--" else f"</{opening['tag'].lower()}"
            end = lower.find(closing, at)
            end = len(text) if end < 0 and mark != "<!--" else end
        else:
            continue
        if end >= 0:
            found.update(range(text.count("\n", 0, at) + 1, text.count("\n", 0, end) + 1))
            at = end + (len(mark) if mark.startswith("`") else 1)
    return found


def _blocks() -> MarkdownIt:
    """Return a reader of Markdown that stops at blocks: nothing within a line matters here."""
    reader = MarkdownIt("commonmark")
    reader.core.ruler.enableOnly(["normalize", "block"])
    return reader
