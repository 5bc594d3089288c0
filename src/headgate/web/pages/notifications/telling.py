"""A delivery's message as plain text, bounded: what a page shows of it."""

from __future__ import annotations

import json
from typing import Final

from pydantic import ValidationError

from headgate.model.message import Message
from headgate.model.right import Right
from headgate.model.text import log_line, one_line
from headgate.store.deliveries import Delivery
from headgate.web.pages.visitor import Visitor

_LINE: Final = 500
_MOST_LINES: Final = 200
_TITLE: Final = 200


def seen_by(visitor: Visitor, delivery: Delivery) -> bool:
    """Whether a visitor may see a delivery: about a job of theirs, or with the right to see everybody's."""
    return bool(delivery.user and delivery.user == visitor.user) or visitor.has(Right.SEE_DELIVERIES)


def message_of(delivery: Delivery) -> Message | None:
    """Return a delivery's message; None if it has none yet, or one of another Headgate."""
    if delivery.message is None:
        return None
    try:
        return Message.model_validate_json(delivery.message)
    except ValidationError:
        return None


def title_of(delivery: Delivery) -> str:
    """Return what a delivery says, in a line; its subject while there is no message."""
    if delivery.message is None:
        return f"({one_line(delivery.subject, _TITLE)})"
    return one_line(str(json.loads(delivery.message).get("title", "")), _TITLE) or "(no title)"


def why_of(delivery: Delivery, most: int = _TITLE) -> str:
    """Return why a delivery is not there, or was late; empty if nothing was wrong."""
    parts = (delivery.reason.value.replace("_", " ") if delivery.reason else "", delivery.detail or "")
    return one_line(": ".join(part for part in parts if part), most) if any(parts) else ""


def text_of(message: Message) -> str:
    """Return a message as plain text, as many lines as a page shows."""
    parts = [[message.title], [message.summary] if message.summary else []]
    parts.append([f"{fact.label}: {fact.value}" for fact in message.facts])
    parts.append([f"{bar.label}: {round(100 * bar.fraction)} %, {bar.text}" for bar in message.bars])
    parts.append([f"{line.outcome.value}: {line.text}" for line in message.digest])
    parts.extend([[f"* {hint}" for hint in message.hints], list(message.notes)])
    parts.append([f"{link.label}: {link.url}" for link in message.links])
    lines = [line for part in parts if part for line in (*(one_line(text, _LINE) for text in part), "")]
    if message.log is not None:
        lines += [f"The end of {one_line(message.log.path, _LINE)}:"]
        lines += [f"  {log_line(line, _LINE)}" for line in message.log.lines]
    cut = len(lines) - _MOST_LINES
    return "\n".join([*lines[:_MOST_LINES], f"({cut} more lines)"] if cut > 0 else lines).rstrip()
