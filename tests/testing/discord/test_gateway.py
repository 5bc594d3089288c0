"""The gateway's refusals; that a real client can use it is shown by the tests of the listener."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from headgate.testing.discord.gateway import MESSAGE_CONTENT, SESSION, FakeGateway
from headgate.testing.discord.server import TOKEN


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def spoken(
    client: aiohttp.ClientSession, gateway: FakeGateway, said: dict[str, Any]
) -> tuple[list[dict[str, Any]], int | None]:
    """Say one thing; return what came until an event, an answer or the end, and the close code."""
    async with client.ws_connect(gateway.url) as socket:
        heard = [(await socket.receive_json())]
        await socket.send_json(said)
        message = await socket.receive(timeout=5)
        if message.type is aiohttp.WSMsgType.TEXT:
            heard.append(json.loads(message.data))
        return heard, socket.close_code


async def test_a_client_is_greeted_and_made_ready(client: aiohttp.ClientSession) -> None:
    async with FakeGateway() as gateway:
        heard, code = await spoken(client, gateway, {"op": 2, "d": {"token": TOKEN, "intents": 0}})
    assert [one["op"] for one in heard] == [10, 0]
    assert heard[1]["t"] == "READY"
    assert code is None


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"op": 2, "d": {"token": "wrong", "intents": 0}}, 4004),
        ({"op": 2, "d": {"token": TOKEN, "intents": MESSAGE_CONTENT}}, 4014),
        ({"op": 99, "d": {}}, 4001),
    ],
    ids=["token", "intents", "opcode"],
)
async def test_what_is_wrong_is_refused_with_its_code(
    client: aiohttp.ClientSession, said: dict[str, Any], code: int
) -> None:
    async with FakeGateway() as gateway:
        assert (await spoken(client, gateway, said))[1] == code


async def test_an_approved_intent_is_allowed(client: aiohttp.ClientSession) -> None:
    async with FakeGateway(approved=MESSAGE_CONTENT) as gateway:
        heard, _ = await spoken(client, gateway, {"op": 2, "d": {"token": TOKEN, "intents": MESSAGE_CONTENT}})
    assert heard[1]["t"] == "READY"


async def test_a_session_that_is_not_known_is_not_resumed(client: aiohttp.ClientSession) -> None:
    async with FakeGateway() as gateway:
        wrong, _ = await spoken(client, gateway, {"op": 6, "d": {"token": TOKEN, "session_id": "x", "seq": 1}})
        right, _ = await spoken(client, gateway, {"op": 6, "d": {"token": TOKEN, "session_id": SESSION, "seq": 1}})
    assert (wrong[1]["op"], wrong[1]["d"]) == (9, False)
    assert right[1]["t"] == "RESUMED"


async def test_what_is_sent_is_packed_where_that_is_asked(client: aiohttp.ClientSession) -> None:
    async with FakeGateway() as gateway, client.ws_connect(f"{gateway.url}?compress=zlib-stream") as socket:
        packed = await socket.receive_bytes(timeout=5)
        assert packed.endswith(b"\x00\x00\xff\xff")
        assert json.loads(zlib.decompressobj().decompress(packed))["op"] == 10
