"""Speaking to the Bot API over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from headgate.connectors.telegram.answers import Refusal, Taken, Unreadable
from headgate.connectors.telegram.api import BotApi
from headgate.connectors.telegram.settings import TelegramSettings
from headgate.testing.http.sink import Answer, AnswerRaw, Hang, HttpSink

TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_12345"


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with HttpSink(default=Answer(body=b'{"ok":true,"result":{"message_id":1}}')) as sink:
        yield sink


@pytest.fixture
async def api(sink: HttpSink) -> AsyncIterator[BotApi]:
    made = BotApi(TelegramSettings.model_validate({"token": TOKEN, "base_url": f"{sink.url}/behind", "timeout": 0.5}))
    yield made
    await made.aclose()


def moved(chat: int) -> Answer:
    body = {"ok": False, "error_code": 400, "description": "x", "parameters": {"migrate_to_chat_id": chat}}
    return Answer(400, body=json.dumps(body).encode())


async def test_a_call_is_a_post_of_json(sink: HttpSink, api: BotApi) -> None:
    assert await api.call("getMe", {"a": 1}, key="k") == Taken({"message_id": 1})
    [request] = sink.requests
    assert (request.method, request.path, request.json) == ("POST", f"/behind/bot{TOKEN}/getMe", {"a": 1})
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == "k"


async def test_an_answer_that_breaks_off_is_read_as_far_as_it_came(sink: HttpSink, api: BotApi) -> None:
    sink.script(AnswerRaw(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"ok":true,"result":{"mess'))
    assert await api.call("sendMessage", {}) == Taken(None)
    sink.script(AnswerRaw(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"ok":true,"result":', stay=True))
    assert await api.call("sendMessage", {}) == Taken(None)
    sink.script(AnswerRaw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<html>"))
    assert await api.call("sendMessage", {}) == Unreadable(200, "<html>")


async def test_silence_ends_in_time_unless_it_was_asked_for(sink: HttpSink, api: BotApi) -> None:
    sink.script(Hang())
    with pytest.raises((TimeoutError, httpx2.TimeoutException)):
        await api.call("getMe", {})
    sink.script(Hang())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await api.call("getUpdates", {}, wait=60)


async def test_redirects_are_not_followed(sink: HttpSink, api: BotApi) -> None:
    sink.script(Answer(302, {"Location": f"{sink.url}/elsewhere"}))
    assert await api.call("getMe", {}) == Unreadable(302, "")
    assert len(sink.requests) == 1


async def test_a_group_is_followed_once_a_send_and_remembered(sink: HttpSink, api: BotApi) -> None:
    sink.script(moved(-1005), moved(-1006))
    answered = await api.send_message({"chat_id": -5, "text": "x"})
    assert isinstance(answered, Refusal)
    assert await api.send_message({"chat_id": -5, "text": "x"}) == Taken({"message_id": 1})
    assert [request.json["chat_id"] for request in sink.requests] == [-5, -1005, -1005]


async def test_a_channel_by_name_does_not_move(sink: HttpSink, api: BotApi) -> None:
    sink.script(moved(-1005))
    assert isinstance(await api.send_message({"chat_id": "@news", "text": "x"}), Refusal)
    assert len(sink.requests) == 1


def test_the_token_is_hidden_in_whatever_form(api: BotApi) -> None:
    told = api.hide(f"{TOKEN} https://x/bot{TOKEN}/getMe {TOKEN.split(':')[1]} {TOKEN.replace(':', '%3A')}")
    assert "AAE" not in told
