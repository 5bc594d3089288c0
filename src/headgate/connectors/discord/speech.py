"""What is said to the bot, and how its answers are said. Pure.

In a channel only what is meant for the bot is taken: a text that mentions it, or begins with the trigger. A reply to
one of its messages is none, although Discord counts it as a mention.
"""

from __future__ import annotations

import re

from headgate.bots.chat import MAX_COMMAND, Answer
from headgate.connectors.discord.markup import FENCE, block, cut, escape, length
from headgate.connectors.discord.rendering import MAX_CONTENT
from headgate.model.text import ELLIPSIS, log_line, one_line

MAX_TEXT = 400
"""Characters of what was said that are read."""
NO_PRIVATE = "I cannot write to you in private: allow direct messages from members of this server, then ask again."


def addressed(content: str, *, bot: int, trigger: str, private: bool) -> str | None:
    """Return what was said to the bot with this id, without mention and trigger; None if it was not said to it."""
    text = content[: MAX_TEXT * 10]
    mention = re.compile(rf"<@!?{bot}>")
    spoken, mentions = mention.subn(" ", text)
    spoken = one_line(spoken, MAX_TEXT) if spoken.strip() else ""
    rest = _after(spoken, trigger)
    if rest is not None:
        return rest
    return spoken if mentions or private else None


def pressed(custom_id: object) -> str | None:
    """Return the command of a pressed button; None for what no button of ours has."""
    if not isinstance(custom_id, str) or not 0 < len(custom_id) <= MAX_COMMAND:
        return None
    return custom_id if custom_id.isascii() and custom_id.isprintable() else None


def said(answer: Answer) -> str:
    """Return an answer as a message's content, in Discord's markup and within its limit."""
    text = "\n".join(_line(line) for line in answer.text[: MAX_CONTENT * 2].split("\n"))
    text = cut(text, MAX_CONTENT - 100)
    if not answer.code:
        return text or ELLIPSIS
    lines = [log_line(line, 400) for line in _bounded(answer.code).split("\n")]
    lines = _last(lines, MAX_CONTENT - length(text) - 2 * len(FENCE) - 4)
    return "\n".join(part for part in (text, block(lines) if lines else "") if part) or ELLIPSIS


def _after(text: str, trigger: str) -> str | None:
    if text[: len(trigger)].casefold() != trigger.casefold():
        return None
    rest = text[len(trigger) :]
    return rest.strip() if not rest or rest[0].isspace() else None


def _line(line: str) -> str:
    item = line.startswith("- ")
    plain = escape(one_line(line.removeprefix("- "), 600)) if line.strip("- ") else ""
    return f"- {plain}" if item and plain else plain


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_CONTENT * 4 else text[-MAX_CONTENT * 4 :]


def _last(lines: list[str], room: int) -> list[str]:
    """Return as many of the last lines as fit; the first is then a sign that some are left out."""
    room -= 2
    kept: list[str] = []
    for line in reversed(lines):
        room -= length(block([line])) - 2 * len(FENCE) - 1
        if room < 0:
            return [ELLIPSIS, *reversed(kept)] if kept else []
        kept.append(line)
    return kept[::-1]
