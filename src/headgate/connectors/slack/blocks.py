"""The parts of Block Kit that Headgate writes, each within its documented limits. Pure.

https://docs.slack.dev/reference/block-kit/blocks. Text that may come from jobs stands in ``plain_text`` and in
``text`` elements of rich text, which Slack never reads as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headgate.bots.chat import Button
from headgate.connectors.slack.markup import clip, escape, units

Block = dict[str, Any]

MAX_HEADER = 150
MAX_SECTION = 3000
MAX_FIELD = 2000
MAX_FIELDS = 10
MAX_BLOCKS = 50
_MAX_LABEL = 75
_MAX_CONTEXT = 2000
_MAX_BUTTONS = 25
_FRAME = 20
"""Counted for each thing that holds a text: Slack's count of all blocks (12,000) includes such, and is not documented
in full: https://github.com/slackapi/bolt-js/issues/2867."""


def plain(text: str, limit: int) -> Block:
    """Return a text object that is shown as it is."""
    return {"type": "plain_text", "text": clip(text, limit), "emoji": False}


def header(text: str) -> Block:
    """Return a header block."""
    return {"type": "header", "text": plain(text, MAX_HEADER)}


def section(markup: str) -> Block:
    """Return a section of mrkdwn that is already escaped; nothing in it becomes a link by itself."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": markup, "verbatim": True}}


def fields(pairs: Sequence[tuple[str, str]]) -> list[Block]:
    """Return sections that show labels and values in two columns."""
    cells = [
        {"type": "mrkdwn", "text": f"*{escape(label)}*\n{escape(value)}", "verbatim": True} for label, value in pairs
    ]
    return [
        {"type": "section", "fields": cells[first : first + MAX_FIELDS]} for first in range(0, len(cells), MAX_FIELDS)
    ]


def text(words: str, **style: bool) -> Block:
    """Return a piece of rich text; ``style``: bold, italic, code."""
    return {"type": "text", "text": words, **({"style": style} if style else {})}


def link(url: str, words: str) -> Block:
    """Return a link in rich text."""
    return {"type": "link", "url": url, "text": words}


def line(*elements: Block) -> Block:
    """Return a section of rich text; elements without a text are left out, since Slack refuses them."""
    return {"type": "rich_text_section", "elements": [element for element in elements if element["text"]]}


def bullets(lines: Iterable[str]) -> Block:
    """Return a list in rich text."""
    return {"type": "rich_text_list", "style": "bullet", "elements": [line(text(words)) for words in lines if words]}


def fixed(words: str) -> Block:
    """Return rich text in fixed width, as it is."""
    return {"type": "rich_text_preformatted", "elements": [text(words)]}


def rich(*elements: Block) -> list[Block]:
    """Return a block of rich text, or none if nothing is left to show."""
    left = [element for element in elements if element["elements"]]
    return [{"type": "rich_text", "elements": left}] if left else []


def context(words: Iterable[str]) -> list[Block]:
    """Return small grey lines under a message, or none."""
    shown = "\n".join(each for each in words if each.strip())
    return [{"type": "context", "elements": [plain(shown, _MAX_CONTEXT)]}] if shown else []


def actions(buttons: Sequence[Button]) -> list[Block]:
    """Return a row of buttons, or none; what a button says stands in its ``value``."""
    made = [
        {
            "type": "button",
            "action_id": f"headgate-{number}",
            "text": plain(button.label, _MAX_LABEL),
            "value": button.command,
            **({"style": "danger"} if button.danger else {}),
        }
        for number, button in enumerate(buttons[:_MAX_BUTTONS])
    ]
    return [{"type": "actions", "elements": made}] if made else []


def weight(part: object) -> int:
    """Return about how much of Slack's room for all blocks a part of them takes."""
    if isinstance(part, Mapping):
        own = sum(units(part[key]) for key in ("text", "url", "value") if isinstance(part.get(key), str))
        return own + _FRAME + sum(weight(inner) for inner in part.values())
    if isinstance(part, list):
        return sum(weight(inner) for inner in part)
    return 0
