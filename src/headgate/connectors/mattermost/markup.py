"""Foreign text made plain in Mattermost's markup: no mention, link, image, hashtag, emoji or formatting. Pure.

Web client, mobile client and server each read Markdown with a parser of their own, and differ in which characters a
backslash takes the meaning of. What all of them honour is escaped by a backslash; all else is broken by an invisible
character (U+200B) that parts the sign from what it would act on. Bounding comes first: a bounded text holds no U+200B
of its own. See https://docs.mattermost.com/end-user-guide/collaborate/format-messages.html.
"""

from __future__ import annotations

import re

from headgate.model.text import ELLIPSIS

GAP = "\u200b"
"""ZERO WIDTH SPACE: shown as nothing, and no part of any name, address or entity."""
FENCE = "```"
_ESCAPED = re.compile(r"[\\`*_\[\]|~]")
_AT_START = re.compile(r"(?=[-+=#>]|\d{1,9}[.)])")
_PARTED = re.compile(
    r"[@~#&<$]"  # mentions, channel links, hashtags, entities, tags and autolinks, formulas
    r"|(?<!\d)[:;](?=\S)|(?<=\d)[:;](?!\d\d(?!\d))(?=\S)"  # emoji, smileys, schemes; 03:43:02 stays whole
    r"|[Ww]{3}(?=\d{0,3}\.)"  # www.
    r"|\.(?=[A-Za-z]{2,63}/)"  # bit.ly/x, which the mobile client links
)


def escape(text: str) -> str:
    """Return one line of foreign text as Markdown that shows it as it is. At most five times as long."""
    escaped = _ESCAPED.sub(r"\\\g<0>", parted(text))
    return _AT_START.sub(GAP, escaped, count=1) if _AT_START.match(escaped) else escaped


def parted(text: str) -> str:
    """Return foreign text for a place that is shown as it is by some clients, and read as Markdown by others."""
    return _PARTED.sub(rf"\g<0>{GAP}", text).replace("](", f"]{GAP}(")


def code(text: str) -> str:
    """Return one line of foreign text for the inside of a code block, which it cannot end."""
    return re.sub(r"`(?=`)", f"`{GAP}", text)


def block(lines: list[str]) -> str:
    """Return lines of foreign text as a code block."""
    return "\n".join((FENCE, *map(code, lines), FENCE))


def cut(text: str, limit: int) -> str:
    """Return Markdown of our own making in at most ``limit`` characters, cut between lines, code blocks closed."""
    if len(text) <= limit:
        return text
    kept: list[str] = []
    left = limit - len(FENCE) - 3
    for line in text.split("\n"):
        if len(line) + 1 > left:
            if not kept:
                kept.append(line[: line.rfind(" ", 0, left) + 1])
            break
        kept.append(line)
        left -= len(line) + 1
    inside = sum(line.startswith(FENCE) for line in kept) % 2 == 1
    return "\n".join([*kept, *([FENCE] if inside else []), ELLIPSIS])
