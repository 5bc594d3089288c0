"""What may be written to on Telegram: a chat by its number, a topic of it, or a public channel or group by its name.

Chats: https://core.telegram.org/bots/api#chat. People have positive numbers, groups and channels negative ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from headgate.errors import RecipientError

_MOST = 2**52
"""Chat numbers have at most 52 significant bits."""
_CHAT = re.compile(r"(-?[1-9][0-9]{0,15})(?:/([1-9][0-9]{0,9}))?")
_NAMED = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}")
_MOST_TOPIC = 2**31


@dataclass(frozen=True, slots=True)
class Target:
    """A chat: its number, or ``@name`` in lower case. ``topic``: of a group that has topics."""

    chat: int | str
    topic: int | None = None

    def __str__(self) -> str:
        return f"{self.chat}" if self.topic is None else f"{self.chat}/{self.topic}"


def read_target(text: str) -> Target:
    """Read ``123``, ``-100123``, ``-100123/45`` or ``@name``. Raises RecipientError for anything else."""
    if _NAMED.fullmatch(text):
        return Target(text.lower())
    if text.isascii() and (found := _CHAT.fullmatch(text)):
        chat, topic = int(found[1]), int(found[2]) if found[2] else None
        if abs(chat) < _MOST and (topic is None or (chat < 0 and topic < _MOST_TOPIC)):
            return Target(chat, topic)
    raise RecipientError(f"{text[:64]!a} is no Telegram chat: a number such as 123 or -100123/45, or @channelname")
