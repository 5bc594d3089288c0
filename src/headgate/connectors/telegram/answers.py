"""What the Bot API's answers mean for a message. Pure.

https://core.telegram.org/bots/api#making-requests and #responseparameters. Telegram documents no list of descriptions:
those below are what its server (https://github.com/tdlib/telegram-bot-api) says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from headgate.connectors.http import MAX_WAIT, Hide, outcome_of_status
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain

_OK_BEGINS = b'{"ok":true'
_NO_SUCH_TARGET = (
    "bots can't send messages to bots",
    "channel_private",
    "chat is deactivated",
    "chat not found",
    "chat was deactivated",
    "chat was deleted",
    "chat_admin_required",
    "chat_id is empty",
    "chat_restricted",
    "chat_send_plain_forbidden",
    "chat_write_forbidden",
    "group chat was upgraded",
    "have no rights to send",
    "message thread not found",
    "need administrator rights",
    "not enough rights",
    "peer_id_invalid",
    "topic_closed",
    "topic_deleted",
    "user is deactivated",
    "user not found",
    "user_is_blocked",
    "user_is_bot",
)
"""In lower case: the target is gone, or the bot may not write there."""
_FORM = ("can't parse", "button_", "reply markup", "reply_markup", "keyboard", "entity")
"""In lower case: the text would do, its markup or its buttons do not."""
_WHOLE_SERVICE = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Taken:
    """The Bot API did what it was asked. ``result`` is None where the answer broke off."""

    result: Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """The Bot API refused."""

    code: int
    description: str
    retry_after: float | None = None
    """Seconds."""
    moved_to: int | None = None
    """The group has become a supergroup with this number."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What answered is no Bot API."""

    status: int
    said: str


Answered = Taken | Refusal | Unreadable


def read_answer(status: int, body: bytes) -> Answered:
    """Read an answer of the Bot API."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        if status == 200 and body.startswith(_OK_BEGINS):  # noqa: PLR2004
            return Taken(None)
        return Unreadable(status, body.decode(errors="replace"))
    if isinstance(answer, dict) and answer.get("ok") is True and status == 200:  # noqa: PLR2004
        return Taken(answer.get("result"))
    if isinstance(answer, dict) and answer.get("ok") is False:
        return _refusal(status, answer)
    return Unreadable(status, body.decode(errors="replace"))


def _refusal(status: int, answer: dict[str, Any]) -> Refusal:
    code, said = answer.get("error_code"), answer.get("description")
    found = answer.get("parameters")
    parameters = found if isinstance(found, dict) else {}
    after, moved = parameters.get("retry_after"), parameters.get("migrate_to_chat_id")
    return Refusal(
        code=code if type(code) is int else status,
        description=said if isinstance(said, str) else "",
        retry_after=min(max(float(after), 0.0), MAX_WAIT) if type(after) is int and abs(after) < 2**53 else None,
        moved_to=moved if type(moved) is int and abs(moved) < 2**53 else None,
    )


def is_about_form(answered: Answered) -> bool:
    """Whether the text might be taken without its markup and buttons."""
    return (
        isinstance(answered, Refusal)
        and answered.code == 400  # noqa: PLR2004
        and any(words in answered.description.lower() for words in _FORM)
    )


def outcome_of(answered: Answered, hide: Hide) -> Outcome:
    """Say what became of a message that was answered so."""
    match answered:
        case Taken(result):
            number = result.get("message_id") if isinstance(result, dict) else None
            return Delivered(str(number) if type(number) is int else "")
        case Refusal():
            return _outcome_of_refusal(answered, hide)
        case Unreadable(status, said):
            if status // 100 == 2:  # noqa: PLR2004
                return TryAgain(Reason.BAD_ANSWER, hide(f"HTTP {status}, but no answer of a Bot API: {said}"))
            return outcome_of_status(status, said, after=None, hide=hide)


def _outcome_of_refusal(refusal: Refusal, hide: Hide) -> Outcome:
    detail = hide(f"{refusal.code}: {refusal.description or 'no reason given'}")
    match refusal.code:
        case 401 | 404:
            # 404 is the answer to a token that no bot can have.
            return TryAgain(Reason.NOT_AUTHORISED, detail, scope=Scope.CONNECTOR)
        case 403:
            return GiveUp(Reason.TARGET_REFUSED, detail)
        case 429:
            return TryAgain(Reason.RATE_LIMITED, detail, after=refusal.retry_after)
        case 400:
            words = refusal.description.lower()
            gone = any(said in words for said in _NO_SUCH_TARGET)
            return GiveUp(Reason.TARGET_REFUSED if gone else Reason.MESSAGE_REFUSED, detail)
        case code if code in _WHOLE_SERVICE:
            return TryAgain(Reason.SERVICE_ERROR, detail, after=refusal.retry_after, scope=Scope.CONNECTOR)
        case code:
            return outcome_of_status(code, refusal.description, after=refusal.retry_after, hide=hide)
