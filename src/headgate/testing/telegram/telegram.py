"""What the played Telegram does when it is called: the rules, without I/O.

Each is from https://core.telegram.org/bots/api: #making-requests, #sendmessage, #getupdates, #answercallbackquery;
flood control from https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this, whose exact numbers
Telegram does not tell. The descriptions of errors are those of https://github.com/tdlib/telegram-bot-api.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from headgate.testing.telegram.active import active_parts
from headgate.testing.telegram.chats import Chat, Person
from headgate.testing.telegram.errors import RefusedError, bad_request
from headgate.testing.telegram.formatting import Part, read_html, units
from headgate.testing.telegram.parameters import METHODS
from headgate.testing.telegram.updates import Updates

LONGEST = 4096
MOST_MARKS = 100
"""Parts of a text that Telegram keeps; here more are refused."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message the bot sent. ``text`` as people read it; ``active``: what Telegram made active in it by itself."""

    chat: int
    text: str
    body: dict[str, Any]
    marked: list[Part]
    active: list[Part]
    message: dict[str, Any]


@dataclass(slots=True)
class Telegram:
    """Telegram, as one bot sees it."""

    token: str = "123456789:AAE-played-by-headgate-testing"  # noqa: S105 (made up)
    username: str = "headgate_test_bot"
    clock: Callable[[], float] = time.time
    chats: dict[int, Chat] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    """Queries of pressed buttons that were answered."""
    webhook: str = ""
    per_chat: int | None = None
    """Messages one chat takes within ``period`` seconds; None: any number."""
    period: int = 60
    updates: Updates = field(default_factory=Updates)
    refusals: deque[RefusedError] = field(default_factory=deque)
    """What the next calls of ``sendMessage`` are answered, whatever they hold."""
    _times: dict[int, deque[float]] = field(default_factory=dict)

    @property
    def bot_id(self) -> int:
        """The bot's number, which its token begins with."""
        return int(self.token.partition(":")[0])

    def add(self, chat: Chat) -> Chat:
        """Make a chat known."""
        self.chats[chat.id] = chat
        return chat

    def check(self, token: str, method: str, body: Any) -> str:
        """Return the method's name; raise RefusedError for a wrong token, method, or parameters."""
        if token != self.token:
            raise RefusedError(401, "Unauthorized")
        known = {name.lower(): name for name in METHODS}
        if method.lower() not in known:
            raise RefusedError(404, "Not Found: method not found")
        METHODS[known[method.lower()]](body, known[method.lower()])
        return known[method.lower()]

    def call(self, method: str, body: dict[str, Any]) -> Any:
        """Do what a checked call asks, all but ``getUpdates``; return its result. Raises RefusedError."""
        match method:
            case "getMe":
                return self.me() | {"can_join_groups": True, "can_read_all_group_messages": False}
            case "getWebhookInfo":
                return {"url": self.webhook, "has_custom_certificate": False, "pending_update_count": 0}
            case "deleteWebhook":
                self.webhook = ""
                return True
            case "answerCallbackQuery":
                return self._answer_query(body["callback_query_id"])
            case _:
                return self._send(body)

    def me(self) -> dict[str, Any]:
        """Return the bot as a ``User``."""
        return Person(self.bot_id, "Headgate", is_bot=True).as_json() | {"username": self.username}

    def _send(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.refusals:
            raise self.refusals.popleft()
        text, marked = read_html(body["text"]) if body.get("parse_mode") == "HTML" else (body["text"].strip(), [])
        if not text:
            raise bad_request("message text is empty")
        if units(text) > LONGEST:
            raise bad_request("message is too long")
        if len(marked) > MOST_MARKS:
            raise bad_request("can't parse entities: more than 100, of which Telegram would drop some")
        chat = self._chat(body["chat_id"])
        chat.admit(body.get("message_thread_id"))
        self._control_flood(chat.id)
        active = active_parts(text, marked)
        message = self._message(chat, text, [*marked, *active], body)
        self.sent.append(Sent(chat.id, text, body, marked, active, message))
        return message

    def _chat(self, named: int | str) -> Chat:
        for chat in self.chats.values():
            if named == chat.id or (chat.username and named == f"@{chat.username.lower()}"):
                return chat
        raise bad_request("chat not found")

    def _control_flood(self, chat: int) -> None:
        if self.per_chat is None:
            return
        times, now = self._times.setdefault(chat, deque()), self.clock()
        while times and times[0] <= now - self.period:
            times.popleft()
        if len(times) >= self.per_chat:
            wait = max(1, round(times[0] + self.period - now))
            raise RefusedError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        times.append(now)

    def _message(self, chat: Chat, text: str, parts: list[Part], body: dict[str, Any]) -> dict[str, Any]:
        message = self.updates.message(chat, self.me(), text, parts, topic=body.get("message_thread_id"))
        return message | ({"reply_markup": body["reply_markup"]} if "reply_markup" in body else {})

    def _answer_query(self, query: str) -> bool:
        if query not in self.updates.queries:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        self.updates.queries.discard(query)
        self.answered.append(query)
        return True
