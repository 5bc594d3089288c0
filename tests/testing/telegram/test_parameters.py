"""The parameters the played Telegram takes."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.testing.telegram.errors import RefusedError
from headgate.testing.telegram.parameters import METHODS


def keyboard(**button: Any) -> dict[str, Any]:
    return {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [[button]]}}


WRONG = {
    "no chat": ("sendMessage", {"text": "x"}),
    "no text": ("sendMessage", {"chat_id": 1}),
    "number as text": ("sendMessage", {"chat_id": "1", "text": "x"}),
    "true as number": ("sendMessage", {"chat_id": True, "text": "x"}),
    "number too large": ("sendMessage", {"chat_id": 2**52, "text": "x"}),
    "unknown field": ("sendMessage", {"chat_id": 1, "text": "x", "disable_web_page_preview": True}),
    "unknown inner field": ("sendMessage", {"chat_id": 1, "text": "x", "link_preview_options": {"off": True}}),
    "unknown mode": ("sendMessage", {"chat_id": 1, "text": "x", "parse_mode": "html5"}),
    "surrogate": ("sendMessage", {"chat_id": 1, "text": "\ud800"}),
    "topic 0": ("sendMessage", {"chat_id": 1, "text": "x", "message_thread_id": 0}),
    "keyboard of no rows": ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [{}]}}),
    "empty row": ("sendMessage", {"chat_id": 1, "text": "x", "reply_markup": {"inline_keyboard": [[]]}}),
    "button without text": ("sendMessage", keyboard(text="", callback_data="x")),
    "button without use": ("sendMessage", keyboard(text="x")),
    "button with long data": ("sendMessage", keyboard(text="x", callback_data="ä" * 33)),
    "button with empty data": ("sendMessage", keyboard(text="x", callback_data="")),
    "button of a strange style": ("sendMessage", keyboard(text="x", callback_data="x", style="pink")),
    "limit": ("getUpdates", {"limit": 101}),
    "timeout": ("getUpdates", {"timeout": 51}),
    "updates": ("getUpdates", {"allowed_updates": "message"}),
    "query": ("answerCallbackQuery", {}),
    "long notification": ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}),
    "something": ("getMe", {"x": 1}),
    "no object": ("getMe", []),
}


@pytest.mark.parametrize(("method", "body"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused(method: str, body: Any) -> None:
    with pytest.raises(RefusedError, match="Bad Request"):
        METHODS[method](body, method)


def test_what_is_right_is_taken() -> None:
    METHODS["sendMessage"](keyboard(text="x", callback_data="ä" * 32, style="danger"), "sendMessage")
    METHODS["getUpdates"]({"limit": 100, "timeout": 50, "offset": -1, "allowed_updates": ["message"]}, "getUpdates")
