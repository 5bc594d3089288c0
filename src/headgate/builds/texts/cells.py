"""Foreign text made fit for a comment: a cell of the table of states, code in a line, a block of lines. Pure.

The table is read by other programs, line by line and between its ``|``; what a job or a person wrote may not look like
a row, call anybody, refer to another pull request, speak to a bot, or leave open what hides the rows below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Final

from headgate.model.text import ELLIPSIS, log_line, one_line

GAP: Final = "\u200b"
"""ZERO WIDTH SPACE: shown as nothing, and no part of any name, number or address."""
DESCRIPTION: Final = 16_000
"""Characters of a description; a comment holds 65,536, and two of them with a log and all rows have to fit."""
_WORD: Final = 300
_TAGS: Final = {
    "b", "br", "code", "dd", "del", "details", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "i", "ins", "kbd",
    "li", "ol", "p", "pre", "s", "samp", "small", "strong", "sub", "summary", "sup", "tt", "u", "ul",
}  # fmt: skip
"""What a description may hold; never with attributes."""
_ALONE: Final = frozenset({"br"})
_DEEPEST: Final = 24
_AWAITS: Final = {"|": "&#124;", "\\": "&#92;", "<": "&lt;", ">": "&gt;", "&": "&amp;"}
_REFERENCE: Final = re.compile(
    r"(?<!&)#(?=[0-9])|(?i:\bGH)-(?=[0-9])|@(?=[\w.])|!(?=[\[0-9])|\](?=[(\[:])|[%$~](?=[0-9])"
)
"""``#12``, ``GH-12``, ``!12``, ``@somebody``, pictures and links: what notifies people, or leads them away."""
_ADDRESS: Final = re.compile(r"(?i)\b(?:https?|ftps?|mailto|www)(?=[:.])")
_BOT: Final = re.compile(r"(?i)\bbot(?=[ \t]*:)")
_TIES: Final = "#-@!]%$~:."
"""Characters of which each may need a GAP."""
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|$)|<(?=[!?])", re.DOTALL)
"""What HTML does not show, and declarations that its reader takes badly."""
_MARKDOWN: Final = re.compile(r"[!#$&*()<>@\[\\\]_`|~:^{}]")
_ENTITIES: Final = frozenset({"lt", "gt", "amp", "quot", "nbsp"})
_TICK: Final = re.compile(r"(?<!`)(?P<pair>`[^`]+`)(?!`)|`+")
_PIECE: Final = 80


def description(text: str, limit: int = DESCRIPTION) -> str:
    """Return a job's ``comment_description`` as a cell: some HTML stays, without attributes, and every tag is closed.

    At most ``limit`` characters; at least 100.
    """
    reader = _Description(limit)
    reader.feed(_COMMENT.sub(lambda found: "" if found[0].startswith("<!--") else "&lt;", one_line(text, limit * 2)))
    reader.close()
    return reader.result()


def cell(text: str, limit: int = _WORD) -> str:
    """Return any text as the plain words of a cell: no HTML, no Markdown."""
    return _plain(one_line(text, limit))


def words(text: str, limit: int = _WORD) -> str:
    """Return a sentence of ours that quotes somebody: code between backticks stays, all else is plain."""
    parts = re.split(r"(`[^`]+`)", one_line(text, limit))
    return "".join(part if place % 2 else _plain(part) for place, part in enumerate(parts))


def code(text: str, limit: int = _WORD) -> str:
    """Return any text as it may stand between backticks, in a cell or elsewhere."""
    return one_line(text, limit).replace("`", "'").replace("|", "\u00a6").replace("\\", "\u2216")


def block(lines: Iterable[str], *, limit: int = 4000, width: int = 300) -> str:
    """Return lines of a program's output as ``<pre>`` for a cell, the last ones if they are too many for ``limit``."""
    kept: list[str] = []
    left = limit
    for line in reversed([log_line(one, width) for one in lines]):
        shown = _plain(line)
        left -= len(shown) + len("<br/>")
        if left < 0:
            kept.append(ELLIPSIS)
            break
        kept.append(shown)
    return f"<pre>{'<br/>'.join(reversed(kept))}</pre>"


def fence(text: str, limit: int = 4000) -> str:
    """Return several lines as a block of code that stands by itself in a comment; the end, if there is too much.

    Other bots do not know a block of code: no line of it is a command for them.
    """
    lines = [_BOT.sub(lambda found: found[0] + GAP, log_line(one, _WORD)) for one in text[-limit:].split("\n")]
    longest = max((len(run) for run in re.findall(r"`+", "\n".join(lines))), default=0)
    mark = "`" * max(3, longest + 1)
    return "\n".join([mark, *lines, mark])


def _plain(text: str) -> str:
    return _MARKDOWN.sub(lambda found: f"&#{ord(found[0])};", _untied(text.replace("&#", f"&{GAP}#")))


def _untied(text: str) -> str:
    """Keep a text from calling people and bots, referring to things and becoming links; ``&#12;`` in it stays."""
    for pattern in (_REFERENCE, _ADDRESS, _BOT):
        text = pattern.sub(lambda found: found[0] + GAP, text)
    return text


class _Description(HTMLParser):
    """Keeps some tags, closes what is open, and counts."""

    def __init__(self, limit: int) -> None:
        super().__init__(convert_charrefs=False)
        self._left = limit - len(ELLIPSIS)
        self._parts: list[str] = []
        self._open: list[str] = []
        self._full = False

    def result(self) -> str:
        """Return the cell."""
        closing = [f"</{tag}>" for tag in reversed(self._open)]
        return _untied("".join([*self._parts, ELLIPSIS if self._full else "", *closing])).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - its interface
        if tag in _ALONE:
            self._add("<br/>")
        elif tag not in _TAGS:
            self._add_text(f"<{tag}>")
        elif len(self._open) < _DEEPEST and self._add(f"<{tag}>", reserve=len(tag) + 3):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open:
            return
        while self._open:
            last = self._open.pop()
            self._parts.append(f"</{last}>")
            if last == tag:
                return

    def handle_data(self, data: str) -> None:
        # Code between backticks may not hide a tag from Markdown that is counted here.
        self._add_text(_TICK.sub(lambda found: found["pair"] or "'" * len(found[0]), data))

    def handle_entityref(self, name: str) -> None:
        if name in _ENTITIES:
            self._add(f"&{name};")
        else:
            self._add_text(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._add_text(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        """Leave comments out: they are not shown, and one left open hides what follows."""

    def _add_text(self, text: str) -> None:
        for at in range(0, len(text), _PIECE):
            self._add("".join(_AWAITS.get(one, one) for one in text[at : at + _PIECE]))

    def _add(self, text: str, *, reserve: int = 0) -> bool:
        """Add what still fits; ``reserve`` is kept for closing it."""
        cost = len(text) + reserve + sum(text.count(tie) for tie in _TIES)
        if self._full or cost > self._left:
            self._full = True
            return False
        self._left -= cost
        self._parts.append(text)
        return True
