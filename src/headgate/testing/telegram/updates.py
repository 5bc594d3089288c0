"""What people do in the played Telegram, as the updates a bot gets: https://core.telegram.org/bots/api#update."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from headgate.testing.telegram.active import active_parts
from headgate.testing.telegram.chats import Chat, Person
from headgate.testing.telegram.formatting import Part


@dataclass(slots=True)
class Updates:
    """Updates that wait for the bot. Each is kept until a later one is asked for."""

    waiting: list[dict[str, Any]] = field(default_factory=list)
    queries: set[str] = field(default_factory=set)
    """Pressed buttons that want an answer."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(870_000_001))
    _messages: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def message(
        self, chat: Chat, sender: dict[str, Any], text: str, parts: list[Part], *, topic: int | None = None
    ) -> dict[str, Any]:
        """Return a ``Message``."""
        message: dict[str, Any] = {
            "message_id": next(self._messages),
            "from": sender,
            "chat": chat.as_json(),
            "date": int(time.time()),
            "text": text,
        }
        if topic is not None:
            message |= {"message_thread_id": topic, "is_topic_message": True}
        if parts:
            message["entities"] = [_entity(part) for part in parts]
        return message

    def say(self, chat: Chat, person: Person, text: str, *, topic: int | None = None, **more: Any) -> int:
        """Have somebody say something; return the update's number. ``more``: further fields of the message."""
        message = self.message(chat, person.as_json(), text, active_parts(text, []), topic=topic)
        return self._put({"message": message | more})

    def press(self, person: Person, message: dict[str, Any], data: str) -> str:
        """Have somebody press a button under a message of the bot's; return the query's id."""
        query = str(4_000_000_000_000_000_000 + next(self._messages))
        self.queries.add(query)
        pressed = {"id": query, "from": person.as_json(), "message": message, "chat_instance": "-77", "data": data}
        self._put({"callback_query": pressed})
        return query

    def add_bot(self, chat: Chat, person: Person, bot: dict[str, Any]) -> int:
        """Have somebody add the bot to a chat."""
        change = {
            "chat": chat.as_json(),
            "from": person.as_json(),
            "date": int(time.time()),
            "old_chat_member": {"status": "left", "user": bot},
            "new_chat_member": {"status": "member", "user": bot},
        }
        return self._put({"my_chat_member": change})

    def put_raw(self, update: dict[str, Any]) -> int:
        """Put an update of the caller's making; it is given a number."""
        return self._put(update)

    def take(self, offset: int | None, limit: int, allowed: list[str] | None) -> list[dict[str, Any]]:
        """Forget the updates before ``offset``, and return those that wait."""
        if offset is not None and offset < 0:
            offset = max((update["update_id"] for update in self.waiting), default=0) + 1 + offset
        if offset is not None:
            self.waiting = [update for update in self.waiting if update["update_id"] >= offset]
        wanted = [update for update in self.waiting if not allowed or set(update) & set(allowed)]
        return wanted[:limit]

    def _put(self, update: dict[str, Any]) -> int:
        number = next(self.numbers)
        self.waiting.append({"update_id": number, **update})
        return number


def _entity(part: Part) -> dict[str, Any]:
    entity: dict[str, Any] = {"type": part.type, "offset": part.offset, "length": part.length}
    return entity | ({"url": part.url} if part.url else {})
