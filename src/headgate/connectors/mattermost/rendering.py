"""A message as a post: a line that says how it went, and an attachment with the rest. Pure.

The attachment's parts: https://developers.mattermost.com/integrate/reference/message-attachments/.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from headgate.connectors.bounds import Bounds
from headgate.connectors.mattermost.markup import FENCE, block, code, cut, escape, parted
from headgate.connectors.style import STYLES
from headgate.model.message import Bar, DigestLine, Fact, Link, Message
from headgate.model.text import ELLIPSIS, one_line

BOUNDS = Bounds(facts=30, value=300, text=600, remarks=10, links=5, log_lines=40, log_line=200, digest=200)
MAX_PROPS = 800_000
"""Characters of JSON in a post's props: ``PostPropsMaxRunes`` of the server."""
_SHORT = 40
"""Characters up to which two facts stand side by side."""
_BAR = 10
"""Blocks in a bar."""
_FIELD_SHARE = 2
"""Facts may take one part in so many of a post's length."""


def post_of(message: Message, *, target: str, key: str, longest: int, body: str | None = None) -> dict[str, Any]:
    """Return the body of ``POST /posts`` for a bounded message; ``target`` stands for the channel's id.

    ``longest`` bounds both the post's own text and the attachment's. ``body`` is the site's own text, in Markdown.
    """
    style = STYLES[message.outcome]
    attachment: dict[str, Any] = {
        "fallback": parted(one_line(message.title, 200)) or style.word,
        "color": style.colour,
        "text": cut(body, longest) if body is not None else _body(message, longest),
        "footer": _footer(message),
    }
    if body is None and message.facts:
        attachment["fields"] = _fields(message.facts, longest // _FIELD_SHARE)
    return {
        "channel_id": target,
        "message": f"{style.sign} **{escape(message.title) or style.word}**",
        "pending_post_id": pending_post_id(key),
        "props": {"attachments": [attachment]},
    }


def pending_post_id(key: str) -> str:
    """Return that by which a server knows the same post again, for half a minute; see ``README.md``."""
    return f"headgate:{key}"


def _body(message: Message, longest: int) -> str:
    """Join the parts that fit, the important ones first; what does not fit is counted, and never cut in half."""
    parts = [escape(message.summary), _bars(message.bars)]
    parts += [f"- {escape(hint)}" for hint in message.hints]
    parts += [_digest_line(line) for line in message.digest]
    parts += [_links(message.links)]
    parts += [f"*{escape(note)}*" for note in message.notes if note]
    parts = [part for part in parts if part.strip("- *")]
    text, left_out = _fitting(parts, longest - 100)
    if left_out:
        text += f"\n\n*{left_out} more lines left out of this message.*"
    log = _log(message, longest - len(text) - 2)
    return "\n\n".join(part for part in (text, log) if part)


def _fitting(parts: Sequence[str], room: int) -> tuple[str, int]:
    text = ""
    for number, part in enumerate(parts):
        joined = f"{text}{_joint(text, part)}{part}"
        if len(joined) > room:
            return text, len(parts) - number
        text = joined
    return text, 0


def _joint(text: str, part: str) -> str:
    """Lines of one list follow each other; all else is a paragraph of its own."""
    last = text.rpartition("\n")[2]
    if not text:
        return ""
    return "\n" if last.startswith("- ") and part.startswith("- ") else "\n\n"


def _bars(bars: Sequence[Bar]) -> str:
    if not bars:
        return ""
    width = max(len(bar.label) for bar in bars)
    return block([f"{bar.label:<{width}}  {_gauge(bar.fraction)} {bar.fraction:>5.0%}  {bar.text}" for bar in bars])


def _gauge(fraction: float) -> str:
    full = min(round(fraction * _BAR), _BAR)
    return "█" * full + "░" * (_BAR - full)


def _digest_line(line: DigestLine) -> str:
    style = STYLES[line.outcome]
    return f"- {style.sign} {escape(line.text) or style.word}"


def _links(links: Sequence[Link]) -> str:
    shown = (f"[{escape(link.label) or 'Link'}]({_address(link.url)})" for link in links if _is_web(link.url))
    return " · ".join(shown)


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _address(url: str) -> str:
    """Return an address that no Markdown parser ends early: everything that may mean something is quoted."""
    return quote(url, safe=":/?#@!$&*+,;=%-._")


def _log(message: Message, room: int) -> str:
    """Return the end of the log in fixed width; in too little room, fewer of its lines, the last ones."""
    if message.log is None or not message.log.lines:
        return ""
    head = f"Last lines of {escape(message.log.path)}" if message.log.path else "Last lines of the output"
    lines = [code(line) for line in message.log.lines]
    room -= len(head) + 2 * len(FENCE) + 4 + len(ELLIPSIS) + 1
    kept: list[str] = []
    for line in reversed(lines):
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    if not kept:
        return ""
    left_out = [ELLIPSIS] if len(kept) < len(lines) else []
    return "\n".join((head, FENCE, *left_out, *reversed(kept), FENCE))


def _fields(facts: Sequence[Fact], room: int) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = []
    for number, fact in enumerate(facts):
        title, value = parted(fact.label), escape(fact.value)
        room -= len(title) + len(value)
        if room < 0:
            fields.append({"title": "", "value": f"{len(facts) - number} more facts left out", "short": False})
            break
        fields.append({"title": title, "value": value, "short": len(fact.value) <= _SHORT})
    return fields


def _footer(message: Message) -> str:
    """Return who, where and when; clients show it without reading it as Markdown, and cut it after 300 characters."""
    when = datetime.fromtimestamp(message.time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    job = (f"{message.job.user} on {message.job.cluster}",) if message.job else ()
    return parted(" · ".join((*job, when)))
