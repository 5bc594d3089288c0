"""The parameters of the methods a bot like ours calls, checked to the last field.

From https://core.telegram.org/bots/api (Bot API 10.1): #sendmessage, #getupdates, #answercallbackquery, #getme,
#getwebhookinfo, #deletewebhook, #inlinekeyboardmarkup, #linkpreviewoptions, #replyparameters. Telegram passes over
fields it does not know and numbers written as text; here both are refused, since they are mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headgate.testing.telegram.errors import bad_request

Check = Callable[[Any, str], None]
_MOST_BUTTONS = 100
_CALLBACK_OCTETS = 64
_STYLES = ("danger", "success", "primary")


def integer(value: Any, where: str) -> None:
    """Refuse what is no whole number of 52 bits."""
    if type(value) is not int or abs(value) >= 2**52:
        raise bad_request(f"{where} must be an Integer")


def boolean(value: Any, where: str) -> None:
    """Refuse what is neither true nor false."""
    if type(value) is not bool:
        raise bad_request(f"{where} must be a Boolean")


def text(value: Any, where: str) -> None:
    """Refuse what is no text, and text that is no Unicode."""
    if not isinstance(value, str):
        raise bad_request(f"{where} must be a String")
    if any("\ud800" <= sign <= "\udfff" for sign in value):
        raise bad_request("strings must be encoded in UTF-8")


def within(low: int, high: int) -> Check:
    """Return a check for a whole number in a range."""

    def check(value: Any, where: str) -> None:
        integer(value, where)
        if not low <= value <= high:
            raise bad_request(f"{where} must be between {low} and {high}")

    return check


def _short_text(most: int) -> Check:
    def check(value: Any, where: str) -> None:
        text(value, where)
        if len(value) > most:
            raise bad_request(f"{where} is longer than {most} characters")

    return check


def _one_of(*known: str) -> Check:
    def check(value: Any, where: str) -> None:
        if value not in known:
            raise bad_request(f"unsupported {where}")

    return check


def _chat(value: Any, where: str) -> None:
    if type(value) is int:
        integer(value, where)
    elif not isinstance(value, str) or not value.startswith("@"):
        raise bad_request(f"{where} must be an Integer or @name")


def fields(known: Mapping[str, Check], *needed: str) -> Check:
    """Return a check for an object with these fields, some of them needed."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise bad_request(f"{where} must be an object")
        for name in needed:
            if name not in value:
                raise bad_request(f"{where} has no {name}")
        for name, held in value.items():
            if name not in known:
                raise bad_request(f"{where} has an unknown field {name}")
            known[name](held, f"{where}.{name}")

    return check


def _texts(value: Any, where: str) -> None:
    if not isinstance(value, list):
        raise bad_request(f"{where} must be an Array of String")
    for held in value:
        text(held, where)


def _keyboard(value: Any, where: str) -> None:
    fields({"inline_keyboard": _rows}, "inline_keyboard")(value, where)


def _rows(value: Any, where: str) -> None:
    if not isinstance(value, list) or not all(isinstance(row, list) and row for row in value):
        raise bad_request(f"{where} must be an Array of Array of InlineKeyboardButton")
    buttons = [button for row in value for button in row]
    if len(buttons) > _MOST_BUTTONS:
        raise bad_request("reply markup is too long")
    for button in buttons:
        _BUTTON(button, where)
        if not button["text"]:
            raise bad_request("text buttons are unallowed in the inline keyboard")
        if not 1 <= len(button["callback_data"].encode()) <= _CALLBACK_OCTETS:
            raise bad_request("BUTTON_DATA_INVALID")


_BUTTON = fields({"text": text, "callback_data": text, "style": _one_of(*_STYLES)}, "text", "callback_data")
_PREVIEW = fields({"is_disabled": boolean})
_REPLY = fields({"message_id": integer, "allow_sending_without_reply": boolean}, "message_id")

METHODS: Mapping[str, Check] = {
    "getMe": fields({}),
    "getWebhookInfo": fields({}),
    "deleteWebhook": fields({"drop_pending_updates": boolean}),
    "getUpdates": fields(
        {"offset": integer, "limit": within(1, 100), "timeout": within(0, 50), "allowed_updates": _texts}
    ),
    "answerCallbackQuery": fields(
        {"callback_query_id": text, "text": _short_text(200), "show_alert": boolean, "cache_time": integer},
        "callback_query_id",
    ),
    "sendMessage": fields(
        {
            "chat_id": _chat,
            "message_thread_id": within(1, 2**31 - 1),
            "text": text,
            "parse_mode": _one_of("HTML"),
            "link_preview_options": _PREVIEW,
            "disable_notification": boolean,
            "protect_content": boolean,
            "reply_parameters": _REPLY,
            "reply_markup": _keyboard,
        },
        "chat_id",
        "text",
    ),
}
"""What may be called, by its name as Telegram writes it; an object's check refuses what does not fit."""
