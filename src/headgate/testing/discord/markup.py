"""A reader of Discord's markup: what in a text is a mention, a link, an emoji or formatting. Pure.

Written from https://support.discord.com/hc/en-us/articles/210298617 (formatting) and
https://discord.com/developers/docs/reference#message-formatting (mentions, emoji, times, commands), and meant to find
rather more than Discord's clients do. It does not look at which rule wins where two overlap beyond the order below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_RULES = (
    ("code block", r"```(?:[a-z0-9_+\-.#]+?\n)?\n*(?P<block>[^\n](?:.|\n)*?)\n*```"),
    ("escape", r"\\(?P<escaped>[^0-9A-Za-z\s])"),
    ("code", r"(?P<ticks>`+)(?P<inline>(?:.|\n)*?[^`])(?P=ticks)(?!`)"),
    ("masked link", r"!?\[(?P<label>(?:\\.|[^\]])*)\]\((?P<url>[^)]*)\)"),
    ("mention", r"<@[!&]?\d+>|<#\d+>|<id:[^>]*>|@everyone|@here"),
    ("command", r"</[^>]+:\d+>"),
    ("time", r"<t:-?\d+(?::[a-zA-Z])?>"),
    ("emoji", r"<a?:\w+:\d+>|:[^\s:\\]*[^\s:\d\\][^\s:\\]*:|:\d{3,}:"),
    ("link", r"<[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]*>|<[^\s<>@]+@[^\s<>]+>|<\+\d+>|[A-Za-z][A-Za-z0-9+.-]*://[^\s<]"),
    ("invitation", r"(?:discord(?:app)?\.(?:gg|com|gift|new|media)|dis\.gd)/?\S*"),
    ("bold", r"\*\*(?=\S)"),
    ("italic", r"\*(?=\S)|(?<![0-9A-Za-z_])_(?=\S)"),
    ("underline", r"__"),
    ("strike", r"~~"),
    ("spoiler", r"\|\|"),
    ("heading", r"(?m:^(?:-#|#{1,3})[ ])"),
    ("quote", r"(?m:^(?:>>>|>)[ ])"),
    ("list", r"(?m:^\s*(?:[-*]|\d+\.)[ ])"),
)
_NEXT = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _RULES]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something in a text that is more than its characters."""

    kind: str
    text: str


def marks(text: str) -> list[Mark]:
    """Return everything in a text that means something, in order; what is in code means nothing."""
    return [mark for mark, _ in _read(text) if mark is not None and mark.kind != "escape"]


def plain(text: str) -> str:
    """Return what a reader sees of a text: escapes undone, code without its fence; other marks stay as they are."""
    return "".join(shown for _, shown in _read(text))


def _read(text: str) -> Iterator[tuple[Mark | None, str]]:
    position = 0
    while position < len(text):
        mark, shown, position = _one(text, position)
        yield mark, shown


def _one(text: str, position: int) -> tuple[Mark | None, str, int]:
    for kind, pattern in _NEXT:
        found = pattern.match(text, position)
        if found is None:
            continue
        groups = found.groupdict()
        shown = groups.get("escaped") or groups.get("block") or groups.get("inline") or found[0]
        return Mark(kind, found[0]), shown, found.end()
    return None, text[position], position + 1
