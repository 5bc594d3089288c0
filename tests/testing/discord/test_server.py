from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest

from headgate.testing.discord.limits import Bucket
from headgate.testing.discord.server import CHANNEL, PERSON, TOKEN, FakeDiscord

HEADERS = {"Authorization": f"Bot {TOKEN}", "User-Agent": "DiscordBot (tests, 1)"}


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as fake:
        yield fake


async def ask(
    fake: FakeDiscord,
    path: str = f"channels/{CHANNEL}/messages",
    body: object = None,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> tuple[int, dict[str, Any]]:
    """Ask the fake, and return status and JSON."""
    async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
        what = more or {"json": {"content": "x"} if body is None else body}
        response = await client.request(
            method, f"{fake.url}/v10/{path}", headers=HEADERS if headers is None else headers, **what
        )
        return response.status_code, response.json()


async def test_a_message_is_taken_and_has_an_id(fake: FakeDiscord) -> None:
    status, data = await ask(fake)
    assert status == 200
    assert data["id"] == fake.messages[0].id
    assert data["channel_id"] == CHANNEL


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bot wrong-token"},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}"},
    ],
    ids=["none", "another", "without Bot", "Bearer"],
)
async def test_who_has_not_the_token_is_refused(fake: FakeDiscord, headers: dict[str, str]) -> None:
    status, data = await ask(fake, headers={"User-Agent": "DiscordBot (tests, 1)", **headers})
    assert (status, data["code"]) == (401, 0)
    assert not fake.messages


async def test_an_agent_that_is_no_bot_is_refused(fake: FakeDiscord) -> None:
    status, data = await ask(fake, headers={"Authorization": f"Bot {TOKEN}"})
    assert (status, data["code"]) == (403, 40333)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("channels/1050000000000000999/messages", 404, 10003),
        ("channels/general/messages", 400, 50035),
        (f"channels/{CHANNEL}/message", 404, 0),
    ],
)
async def test_a_place_that_is_not_there_is_refused(fake: FakeDiscord, path: str, status: int, code: int) -> None:
    got, data = await ask(fake, path)
    assert (got, data["code"]) == (status, code)


@pytest.mark.parametrize(("body", "code"), [({"content": ""}, 50006), ({"contents": "x"}, 50035), ([], 50035)], ids=str)
async def test_what_is_no_message_is_refused(fake: FakeDiscord, body: object, code: int) -> None:
    status, data = await ask(fake, body=body)
    assert (status, data["code"]) == (400, code)
    assert not fake.messages


@pytest.mark.parametrize("content", [b"{", b"\xff"], ids=["half", "no text"])
async def test_what_is_no_json_is_refused(fake: FakeDiscord, content: bytes) -> None:
    headers = {**HEADERS, "Content-Type": "application/json"}
    status, data = await ask(fake, headers=headers, content=content)
    assert (status, data["code"]) == (400, 50109)


async def test_a_nonce_is_enforced_only_where_that_is_asked(fake: FakeDiscord) -> None:
    for _ in range(2):
        await ask(fake, body={"content": "x", "nonce": "n"})
    assert len(fake.messages) == 2
    ids = {(await ask(fake, body={"content": "x", "nonce": "n", "enforce_nonce": True}))[1]["id"] for _ in range(2)}
    assert len(ids) == 1
    assert len(fake.messages) == 3


async def test_files_come_as_a_form(fake: FakeDiscord) -> None:
    body = json.dumps({"attachments": [{"id": 0, "filename": "a.png"}]})
    files = {"payload_json": (None, body, "application/json"), "files[0]": ("a.png", b"\x89PNG\r\n", "image/png")}
    status, _ = await ask(fake, files=files)
    assert status == 200
    assert fake.messages[0].files == {"a.png": b"\x89PNG\r\n"}


async def test_a_form_with_anything_else_is_refused(fake: FakeDiscord) -> None:
    status, _ = await ask(fake, files={"payload": (None, b"{}"), "files[0]": ("a.png", b"x")})
    assert status == 400


async def test_a_private_channel_is_the_same_every_time(fake: FakeDiscord) -> None:
    ids = {(await ask(fake, "users/@me/channels", {"recipient_id": PERSON}))[1]["id"] for _ in range(2)}
    assert len(ids) == 1
    assert (await ask(fake, f"channels/{ids.pop()}/messages"))[0] == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [({"recipient_id": "1050000000000000999"}, 50033), ({"recipient_id": "ada"}, 50035), ({}, 50035)],
    ids=str,
)
async def test_a_private_channel_with_nobody_is_refused(fake: FakeDiscord, body: object, code: int) -> None:
    status, data = await ask(fake, "users/@me/channels", body)
    assert (status, data["code"]) == (400, code)


async def test_too_many_messages_are_refused_with_the_wait(fake: FakeDiscord) -> None:
    fake.limits = Bucket(1, 1000.0)
    assert (await ask(fake))[0] == 200
    status, data = await ask(fake)
    assert status == 429
    assert 900 < data["retry_after"] <= 1000
    assert len(fake.messages) == 1
