from __future__ import annotations

import json
from collections.abc import AsyncIterator

import aiohttp
import httpx2
import pytest

from headgate.testing.mattermost import FakeMattermost


@pytest.fixture
async def server() -> AsyncIterator[FakeMattermost]:
    async with FakeMattermost() as server:
        yield server


@pytest.fixture
async def client(server: FakeMattermost) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"Authorization": f"Bearer {server.token}"}
    async with httpx2.AsyncClient(base_url=f"{server.url}/api/v4/", headers=headers, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("path", ["users/me", "users/username/ada", "teams/name/a/channels/name/b"])
async def test_nobody_is_told_anything_without_a_token(
    server: FakeMattermost, client: httpx2.AsyncClient, path: str
) -> None:
    client.headers["Authorization"] = f"Bearer {server.token}x"
    answer = await client.get(path)
    assert answer.status_code == 401
    assert answer.json()["id"] == "api.context.session_expired.app_error"


async def test_a_pending_post_id_makes_one_post_of_two(server: FakeMattermost, client: httpx2.AsyncClient) -> None:
    channel = server.world.add_channel("hpc", "jobs", server.world.bot)
    body = {"channel_id": channel.id, "message": "x", "pending_post_id": "1"}
    first, second = [(await client.post("posts", json=body)).json() for _ in range(2)]
    third = (await client.post("posts", json={**body, "pending_post_id": "2"})).json()
    assert first == second
    assert len({first["id"], third["id"]}) == len(server.posts) == 2
    assert len(server.bodies) == 3


async def test_what_is_no_json_is_refused(client: httpx2.AsyncClient) -> None:
    assert (await client.post("posts", content=b"{")).status_code == 400


async def test_the_bot_makes_direct_channels_of_its_own_only(
    server: FakeMattermost, client: httpx2.AsyncClient
) -> None:
    ada, bob = server.world.add_user("ada"), server.world.add_user("bob")
    own = await client.post("channels/direct", json=[server.world.bot.id, ada.id])
    assert (own.status_code, own.json()["type"]) == (201, "D")
    assert (await client.post("channels/direct", json=[ada.id, bob.id])).status_code == 403
    assert (await client.post("channels/direct", json=[ada.id])).status_code == 400


async def test_over_the_rate_it_says_when_to_come_back() -> None:
    async with FakeMattermost(per_second=0) as server, httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{server.url}/api/v4/users/me")
    assert (answer.status_code, answer.headers["X-RateLimit-Reset"], answer.text) == (429, "1", "limit exceeded\n")


async def log_in(session: aiohttp.ClientSession, url: str, token: str) -> aiohttp.ClientWebSocketResponse:
    socket = await session.ws_connect(f"{url}/api/v4/websocket")
    await socket.send_json({"seq": 1, "action": "authentication_challenge", "data": {"token": token}})
    return socket


async def test_a_post_is_pushed_to_who_has_shown_the_token(server: FakeMattermost) -> None:
    ada = server.world.add_user("ada")
    channel = server.world.add_channel("hpc", "jobs", ada, server.world.bot)
    async with aiohttp.ClientSession() as session, await log_in(session, server.url, server.token) as socket:
        assert await socket.receive_json() == {"status": "OK", "seq_reply": 1}
        hello = await socket.receive_json()
        await server.say(ada, channel, "hello @headgate")
        posted = await socket.receive_json()
    assert (hello["event"], hello["seq"]) == ("hello", 0)
    assert (posted["event"], posted["seq"], posted["data"]["channel_type"]) == ("posted", 1, "O")
    assert json.loads(posted["data"]["post"])["message"] == "hello @headgate"
    assert json.loads(posted["data"]["mentions"]) == [server.world.bot.id]


async def test_posts_where_the_bot_is_not_are_not_pushed(server: FakeMattermost) -> None:
    ada = server.world.add_user("ada")
    elsewhere, here = server.world.add_channel("hpc", "a", ada), server.world.direct_channel(ada, server.world.bot)
    async with aiohttp.ClientSession() as session, await log_in(session, server.url, server.token) as socket:
        await socket.receive_json()
        await socket.receive_json()
        await server.say(ada, elsewhere, "secret")
        await server.say(ada, here, "open")
        posted = await socket.receive_json()
    assert json.loads(posted["data"]["post"])["message"] == "open"


async def test_a_wrong_token_is_shown_the_door_in_silence(server: FakeMattermost) -> None:
    async with aiohttp.ClientSession() as session, await log_in(session, server.url, "wrong") as socket:
        assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
