"""A bot's answer as a post. Pure."""

from __future__ import annotations

from typing import Any

from headgate.bots.chat import Answer
from headgate.connectors.mattermost.markup import FENCE, code, cut, escape
from headgate.connectors.mattermost.rendering import pending_post_id
from headgate.model.text import log_line, one_line

_LINES = 60
_LINE = 600
_CODE_LINES = 200
_CODE_LINE = 400


def answer_post(answer: Answer, *, channel: str, thread: str, key: str, longest: int) -> dict[str, Any]:
    """Return the body of ``POST /posts`` for an answer; ``thread`` is the post it stands under, empty for none.

    Mattermost's buttons need a server that Mattermost can reach, so what they would say is named instead.
    """
    parts = [_text(answer.text)]
    if answer.buttons:
        commands = " · ".join(f"`{button.command.replace('`', '')}`" for button in answer.buttons)
        parts.append(f"You can say: {commands}")
    text = cut("\n\n".join(part for part in parts if part), longest)
    if answer.code:
        text += _code(answer.code, longest - len(text))
    post = {"channel_id": channel, "message": text, "pending_post_id": pending_post_id(f"answer:{key}")}
    return {**post, "root_id": thread} if thread else post


def _text(text: str) -> str:
    lines = [one_line(line, _LINE) for line in text.splitlines()[:_LINES]]
    return "\n".join(f"- {escape(line[2:])}" if line.startswith("- ") else escape(line) for line in lines)


def _code(text: str, room: int) -> str:
    """Return lines in fixed width; in too little room, the first ones."""
    room -= 2 * len(FENCE) + 8
    kept: list[str] = []
    for line in text.splitlines()[:_CODE_LINES]:
        shown = code(log_line(line, _CODE_LINE))
        room -= len(shown) + 1
        if room < 0:
            break
        kept.append(shown)
    return "\n\n" + "\n".join((FENCE, *kept, FENCE)) if kept else ""
