"""A message as the body of ``POST /channels/{id}/messages``. Pure.

The line that says how it went is the message's own text: it is what a notification shows, and what is left where a
person has switched embeds off or the bot lacks the permission Embed Links. All else is in one embed or two. Limits:
https://discord.com/developers/docs/resources/message#embed-object-embed-limits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from headgate.bots.chat import Button
from headgate.connectors.bounds import Bounds
from headgate.connectors.discord.components import rows_of
from headgate.connectors.discord.markup import FENCE, block, code, cut, escape, length, shortened
from headgate.connectors.style import STYLES
from headgate.model.message import Bar, DigestLine, Fact, Link, Message
from headgate.model.text import ELLIPSIS

BOUNDS = Bounds(facts=18, value=250, text=500, bars=6, remarks=8, links=4, url=600, log_lines=40, log_line=200)
DIGEST_ROOM = 2000
"""Characters of a digest's lines that are shown whatever they hold: about half of an embed's text, in UTF-16 units."""
PICTURE = "efficiency.png"
MAX_CONTENT = 2000
_CONTENT, _DESCRIPTION, _NAME, _VALUE, _FIELDS, _TOTAL = 400, 4096, 256, 1024, 25, 6000
_FACTS = 2400
"""Of the 6,000 units of all embeds together, how many facts and bars may take."""
_SHORT = 40
"""Characters up to which a fact stands beside others."""
_GAUGE = 10


@dataclass(slots=True)
class _Room:
    """What is left of the total of all embeds."""

    left: int = _TOTAL

    def take(self, text: str) -> str:
        self.left -= length(text)
        return text

    def fits(self, *texts: str) -> bool:
        return sum(map(length, texts)) <= self.left


def message_of(
    message: Message, *, key: str, buttons: Sequence[Button] = (), body: str | None = None, picture: bool = False
) -> dict[str, Any]:
    """Return the body for a bounded message.

    ``body`` is the site's own text, in Discord's markup. ``picture``: whether the bars go beside it as ``PICTURE``.
    """
    style = STYLES[message.outcome]
    payload: dict[str, Any] = {
        "content": f"{style.sign} **{shortened(message.title, _CONTENT) or style.word}**",
        "embeds": _embeds(message, body, picture=picture),
        "allowed_mentions": {"parse": []},
        "nonce": nonce(key),
        "enforce_nonce": True,
    }
    if rows := rows_of(buttons):
        payload["components"] = rows
    if picture:
        payload["attachments"] = [{"id": "0", "filename": PICTURE, "description": _in_words(message.bars)}]
    return payload


def nonce(key: str) -> str:
    """Return that by which Discord knows the same message again for some minutes: 25 characters, its limit."""
    return f"h{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def _embeds(message: Message, body: str | None, *, picture: bool) -> list[dict[str, Any]]:
    colour = int(STYLES[message.outcome].colour.removeprefix("#"), 16)
    room = _Room()
    footer = room.take(f"{message.job.user} on {message.job.cluster}") if message.job else ""
    first: dict[str, Any] = {"color": colour}
    second: dict[str, Any] = {"color": colour}
    if body is not None:
        if body.strip():
            first["description"] = room.take(cut(body, _DESCRIPTION))
    elif message.digest:
        first["description"] = room.take(_digest(message))
    else:
        _describe(message, first, second, room, picture=picture)
    if picture:
        first["image"] = {"url": f"attachment://{PICTURE}"}
    if footer:
        (second if "description" in second else first)["footer"] = {"text": footer}
    embeds = [embed for embed in (first, second) if len(embed) > 1]
    if not embeds:
        return []
    embeds[-1]["timestamp"] = datetime.fromtimestamp(message.time, UTC).isoformat(timespec="milliseconds")
    return embeds


def _describe(message: Message, first: dict[str, Any], second: dict[str, Any], room: _Room, *, picture: bool) -> None:
    """Fill the embeds: what happened, with the figures below it; then what it means, in a second one if it is much."""
    summary = escape(message.summary)
    fields = _fields(message, _Room(min(_FACTS, room.left - length(summary))), picture=picture)
    for field in fields:
        room.take(field["name"] + field["value"])
    remarks = [f"- {escape(hint)}" for hint in message.hints if hint]
    if fields and (remarks or message.log is not None):
        if summary:
            first["description"] = room.take(summary)
        if text := _text(remarks, message, min(_DESCRIPTION, room.left)):
            second["description"] = room.take(text)
    elif text := _text([summary, *remarks], message, min(_DESCRIPTION, room.left)):
        first["description"] = room.take(text)
    if fields:
        first["fields"] = fields


def _text(parts: Sequence[str], message: Message, room: int) -> str:
    """Join the parts, as many of the log's last lines as there is room for, links and notes.

    The log gives way first; what else does not fit is counted, and never cut in half.
    """
    small = [_links(message.links), *(f"*{escape(note)}*" for note in message.notes if note)]
    wanted = [part for part in (*parts, *small) if part]
    kept = _fitting(wanted, room - 60)
    if len(kept) < len(wanted):
        return "\n".join((*kept, f"*{len(wanted) - len(kept)} more lines left out of this message.*"))
    log = _log(message, room - sum(length(part) + 1 for part in kept))
    return "\n".join(part for part in (*parts, log, *small) if part)


def _fitting(parts: Sequence[str], room: int) -> list[str]:
    """Return the first parts that fit, each on a line of its own."""
    kept: list[str] = []
    for part in parts:
        room -= length(part) + 1
        if room < 0:
            break
        kept.append(part)
    return kept


def _digest(message: Message) -> str:
    """Return every line of a digest: escaped, or if they are too long then, in a block where nothing has to be."""
    head = [part for part in (escape(message.summary),) if part]
    tail = [f"*{escape(note)}*" for note in message.notes if note]
    pretty = "\n".join((*head, *map(_digest_line, message.digest), *tail))
    if length(pretty) <= _DESCRIPTION:
        return pretty
    lines = "\n".join(f"{STYLES[line.outcome].sign} {line.text.replace('`', chr(0x2BB))}" for line in message.digest)
    plain = f"{FENCE}\n{lines}\n{FENCE}"
    around = [part for part in (*head, *tail) if length(plain) + length(part) + 1 <= _DESCRIPTION]
    text = "\n".join((*around, plain))
    return text if length(text) <= _DESCRIPTION else cut(plain, _DESCRIPTION)


def _digest_line(line: DigestLine) -> str:
    style = STYLES[line.outcome]
    return f"{style.sign} {escape(line.text) or style.word}"


def _fields(message: Message, room: _Room, *, picture: bool) -> list[dict[str, Any]]:
    """Return facts and bars as fields; those for which there is no room are counted in a last one."""
    wanted = [_fact(fact) for fact in message.facts]
    if not picture:
        wanted += [_bar(bar) for bar in message.bars]
    room.left -= 40
    fields: list[dict[str, Any]] = []
    for number, field in enumerate(wanted):
        if len(fields) == _FIELDS - 1 or not room.fits(field["name"], field["value"]):
            fields.append({"name": ELLIPSIS, "value": f"{len(wanted) - number} more left out", "inline": False})
            break
        room.take(field["name"] + field["value"])
        fields.append(field)
    return fields


def _fact(fact: Fact) -> dict[str, Any]:
    short = len(fact.value) <= _SHORT
    return {
        "name": shortened(fact.label, _NAME) or ELLIPSIS,
        "value": shortened(fact.value, _VALUE) or "-",
        "inline": short,
    }


def _bar(bar: Bar) -> dict[str, Any]:
    full = min(round(bar.fraction * _GAUGE), _GAUGE)
    gauge = "█" * full + "░" * (_GAUGE - full)
    return {
        "name": shortened(f"{bar.label} {bar.fraction:.0%}", _NAME),
        "value": f"`{gauge}`\n{shortened(bar.text, _VALUE - 20)}".rstrip(),
        "inline": True,
    }


def _in_words(bars: Sequence[Bar]) -> str:
    """Return bars for those who do not see the picture; plain text, 1,024 characters at most."""
    return "; ".join(f"{bar.label} {bar.fraction:.0%}, {bar.text}" for bar in bars)[:500]


def _links(links: Sequence[Link]) -> str:
    shown = (f"[{escape(link.label) or 'Link'}]({_address(link.url)})" for link in links if _is_web(link.url))
    return " · ".join(shown)


def _is_web(url: str) -> bool:
    """Whether an address leads to the web, and is whole: one that was cut would lead elsewhere."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not url.endswith(ELLIPSIS)
    except ValueError:
        return False


def _address(url: str) -> str:
    """Return an address that no parser ends early: everything that may mean something is quoted."""
    return quote(url, safe=":/?#@!$&+,;=%-._")


def _log(message: Message, room: int) -> str:
    """Return the end of the log in fixed width; in too little room, fewer of its lines, the last ones."""
    if message.log is None or not message.log.lines:
        return ""
    head = f"Last lines of {escape(message.log.path)}" if message.log.path else "Last lines of the output"
    room -= length(head) + 2 * len(FENCE) + 5 + len(ELLIPSIS)
    kept: list[str] = []
    for line in reversed(message.log.lines):
        room -= length(code(line)) + 1
        if room < 0:
            break
        kept.append(line)
    if not kept:
        return ""
    left_out = [ELLIPSIS] if len(kept) < len(message.log.lines) else []
    return f"{head}\n{block([*left_out, *reversed(kept)])}"
