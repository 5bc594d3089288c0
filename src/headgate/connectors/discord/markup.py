"""Foreign text made plain in Discord's markup, and its length as Discord may count it. Pure.

Clients read messages with a Markdown dialect of their own (https://support.discord.com/hc/en-us/articles/210298617)
and with Discord's mentions (https://discord.com/developers/docs/reference#message-formatting). A backslash takes the
meaning of any punctuation mark. Where other parts of a client read the text as well (links, invitations), an invisible
character parts the sign from what it would act on. Bounding comes first: a bounded text holds no U+200B of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headgate.model.text import ELLIPSIS

GAP = "\u200b"
"""ZERO WIDTH SPACE: shown as nothing, and no part of any name, address or id."""
FENCE = "```"
_ESCAPED = re.compile(r"[\\`*_~|<>\[\]]|:(?!\d\d:)(?=[^\s:]{1,600}:)")
_AT_START = re.compile(r"[-+#]|\d{1,9}(?=[.)])")
_PARTED = re.compile(
    r"<(?=[@#&:/A-Za-z0-9+])"  # <@1>, <#1>, </run:1>, <t:1>, <:smile:1>, <https://x>, <+49>
    r"|@(?=everyone|here)"
    r"|:(?=//)"  # https://
    r"|(?<=discord)\.(?=[A-Za-z])|(?<=discordapp)\.(?=[A-Za-z])|(?<=dis)\.(?=gd)",  # invitations without a scheme
    re.IGNORECASE,
)


def escape(text: str) -> str:
    """Return one line of foreign text as markup that shows it as it is. At most four times as long."""
    escaped = _ESCAPED.sub(r"\\\g<0>", _PARTED.sub(rf"\g<0>{GAP}", text))
    start = _AT_START.match(escaped)
    if start is None:
        return escaped
    return f"{start[0]}\\{escaped[start.end() :]}" if start[0].isdigit() else f"\\{escaped}"


def code(text: str) -> str:
    """Return one line of foreign text for the inside of a code block, which it cannot end.

    An empty line is made a blank: the end of a block of nothing else would be seen as the next one's start.
    """
    return re.sub(r"`(?=`)", f"`{GAP}", text) or " "


def block(lines: Sequence[str]) -> str:
    """Return lines of foreign text, one at least, as a code block; on a line of its own a fence names no language."""
    return "\n".join((FENCE, *map(code, lines), FENCE))


def length(text: str) -> int:
    """Return the length of a text in UTF-16 units: Discord does not say what it counts, and nothing counts more."""
    return len(text) + sum(ord(character) > 0xFFFF for character in text)  # noqa: PLR2004 (the last of the first plane)


def cut(text: str, limit: int) -> str:
    """Return markup of our own making in ``limit`` units (at least 8) at most, cut between lines, blocks closed."""
    if length(text) <= limit:
        return text
    kept: list[str] = []
    left = limit - len(FENCE) - 3
    for line in text.split("\n"):
        if length(line) + 1 > left:
            if not kept:
                kept.append(_words(line, left))
            break
        kept.append(line)
        left -= length(line) + 1
    inside = sum(line.startswith(FENCE) for line in kept) % 2 == 1
    if inside and kept[-1].startswith(FENCE):
        return "\n".join([*kept[:-1], ELLIPSIS])
    return "\n".join([*kept, *([FENCE] if inside else []), ELLIPSIS])


def _words(line: str, room: int) -> str:
    """Return the words of a line that fit: between blanks no escape is cut in half."""
    while line and length(line) > room:
        line = line[: max(line.rfind(" "), 0)]
    return line


def shortened(text: str, limit: int) -> str:
    """Return foreign text escaped in at most ``limit`` units; where it is cut, it is cut before it is escaped."""
    escaped = escape(text)
    while length(escaped) > limit:
        text = text[: max(len(text) - max((length(escaped) - limit) // 4, 1) - 1, 0)].rstrip()
        escaped = escape(text) + ELLIPSIS
        if not text:
            break
    return escaped
