"""The played Telegram on its port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from headgate.testing.telegram.chats import Chat, Person
from headgate.testing.telegram.server import TelegramServer


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        server.telegram.add(Chat(17))
        yield server


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=20) as client:
        yield client


def method(server: TelegramServer, name: str) -> str:
    return f"{server.url}/bot{server.telegram.token}/{name}"


async def test_answers_are_those_of_the_bot_api(server: TelegramServer, client: httpx2.AsyncClient) -> None:
    good = await client.post(method(server, "sendMessage"), json={"chat_id": 17, "text": "x"})
    assert (good.status_code, good.json()["ok"], good.json()["result"]["text"]) == (200, True, "x")
    bad = await client.post(method(server, "sendMessage"), json={"chat_id": 18, "text": "x"})
    assert (bad.status_code, bad.json()) == (
        400,
        {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"},
    )
    server.telegram.per_chat = 0
    server.telegram.chats[17].moved_to = -5
    moved = await client.post(method(server, "sendMessage"), json={"chat_id": 17, "text": "x"})
    assert moved.json()["parameters"] == {"migrate_to_chat_id": -5}


@pytest.mark.parametrize("given", [{"content": b"{"}, {"content": b"[]"}, {"data": {"chat_id": "17"}}], ids=str)
async def test_what_is_no_json_object_is_refused(
    server: TelegramServer, client: httpx2.AsyncClient, given: dict[str, Any]
) -> None:
    headers = {"Content-Type": "application/json"} if "content" in given else {}
    answer = await client.post(method(server, "getMe"), headers=headers, **given)
    assert answer.status_code == 400


async def test_updates_come_as_soon_as_they_are_there(server: TelegramServer, client: httpx2.AsyncClient) -> None:
    asking = asyncio.create_task(client.post(method(server, "getUpdates"), json={"timeout": 50}))
    while server.calls == []:
        await asyncio.sleep(0.005)
    server.telegram.updates.say(server.telegram.chats[17], Person(17), "hello")
    [update] = (await asking).json()["result"]
    assert update["message"]["text"] == "hello"


async def test_only_one_may_ask_for_updates(server: TelegramServer, client: httpx2.AsyncClient) -> None:
    asking = asyncio.create_task(client.post(method(server, "getUpdates"), json={"timeout": 50}))
    while server.calls == []:
        await asyncio.sleep(0.005)
    assert (await client.post(method(server, "getUpdates"), json={})).json()["result"] == []
    ended = await asking
    assert ended.status_code == 409
    assert "terminated by other getUpdates request" in ended.json()["description"]
    server.telegram.webhook = "https://example.org/"
    assert (await client.post(method(server, "getUpdates"), json={})).status_code == 409
