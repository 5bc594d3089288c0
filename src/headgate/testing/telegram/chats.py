"""The chats of the played Telegram: who is there, and what may be said to them."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from headgate.testing.telegram.errors import RefusedError, bad_request, forbidden


class Standing(enum.StrEnum):
    """How the bot stands in a chat."""

    WELCOME = "may write"
    UNKNOWN = "the person never wrote to the bot"
    BLOCKED = "the person blocked the bot"
    DEACTIVATED = "the person's account is gone"
    KICKED = "the bot was taken out"
    NOT_MEMBER = "the bot is not there"
    NO_RIGHTS = "the bot may not write there"


@dataclass(slots=True)
class Chat:
    """A chat. ``type`` as in https://core.telegram.org/bots/api#chat; ``title``: of a group, or a person's name."""

    id: int
    type: str = "private"
    title: str = "Ada"
    username: str = ""
    standing: Standing = Standing.WELCOME
    topics: set[int] = field(default_factory=set)
    moved_to: int | None = None
    """The supergroup this group has become."""

    def as_json(self) -> dict[str, Any]:
        """Return it as a ``Chat``."""
        named = {"first_name": self.title} if self.type == "private" else {"title": self.title}
        forum = {"is_forum": True} if self.topics else {}
        username = {"username": self.username} if self.username else {}
        return {"id": self.id, "type": self.type, **named, **username, **forum}

    def admit(self, topic: int | None) -> None:
        """Raise RefusedError unless the bot may write here."""
        if self.moved_to is not None:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise RefusedError(400, words, migrate_to_chat_id=self.moved_to)
        refusal = {
            Standing.UNKNOWN: forbidden("bot can't initiate conversation with a user"),
            Standing.BLOCKED: forbidden("bot was blocked by the user"),
            Standing.DEACTIVATED: forbidden("user is deactivated"),
            Standing.KICKED: forbidden(f"bot was kicked from the {self.type} chat"),
            Standing.NOT_MEMBER: forbidden(f"bot is not a member of the {self.type} chat"),
            Standing.NO_RIGHTS: bad_request("not enough rights to send text messages to the chat"),
        }.get(self.standing)
        if refusal is not None:
            raise refusal
        if topic is not None and topic not in self.topics:
            raise bad_request("message thread not found")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who speaks to the bot."""

    id: int = 1001
    name: str = "Ada"
    is_bot: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as a ``User``."""
        return {"id": self.id, "is_bot": self.is_bot, "first_name": self.name}
