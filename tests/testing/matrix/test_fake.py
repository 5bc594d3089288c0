"""The played homeserver refuses what a real one, or a client, would."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from headgate.testing.matrix.fake import FakeHomeserver, content_mistakes
from headgate.testing.matrix.html import html_mistakes

GOOD = {
    "msgtype": "m.notice",
    "body": "x",
    "format": "org.matrix.custom.html",
    "formatted_body": "<b>x</b>",
    "m.mentions": {},
}
TOKEN = "token"
SEND = "/_matrix/client/v3/rooms/%21room%3Atest.local/send/m.room.message/t1"


async def put(fake: FakeHomeserver, path: str = SEND, token: str = TOKEN, **more: Any) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=fake.url, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await client.put(path, headers=headers, **({"json": GOOD} | more))


async def test_a_transaction_is_shown_once() -> None:
    async with FakeHomeserver("token") as fake:
        first, second = await put(fake), await put(fake)
        assert first.json() == second.json() == {"event_id": "$event-0"}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"token": "other"}, 401, "M_UNKNOWN_TOKEN"),
        ({"token": ""}, 401, "M_MISSING_TOKEN"),
        ({"path": SEND.replace("room", "other", 2)}, 404, "M_UNRECOGNIZED"),
        ({"path": SEND.replace("%21room", "%21other")}, 403, "M_FORBIDDEN"),
        ({"path": "/_matrix/client/r0/x"}, 404, "M_UNRECOGNIZED"),
        ({"json": {**GOOD, "body": "x" * 66_000}}, 413, "M_TOO_LARGE"),
        ({"json": {**GOOD, "color": "red"}}, 400, "M_BAD_JSON"),
        ({"json": None, "content": b"{"}, 400, "M_NOT_JSON"),
    ],
    ids=["wrong token", "no token", "another event", "another room", "no call", "too long", "unknown field", "no JSON"],
)
async def test_what_is_refused(asked: dict[str, Any], status: int, code: str) -> None:
    async with FakeHomeserver("token") as fake:
        answer = await put(fake, **asked)
        assert (answer.status_code, answer.json()["errcode"]) == (status, code)
        assert not fake.taken


@pytest.mark.parametrize(
    "change",
    [
        {"msgtype": "m.emote"},
        {"body": " "},
        {"body": 5},
        {"m.mentions": {"room": True}},
        {"format": "text/html"},
        {"formatted_body": "<script>x</script>"},
    ],
    ids=["kind", "empty", "number", "mention", "format", "script"],
)
def test_what_is_wrong_with_a_content(change: dict[str, Any]) -> None:
    assert content_mistakes(GOOD) == []
    assert content_mistakes({**GOOD, **change})


@pytest.mark.parametrize(
    "html",
    [
        "<b>x",
        "x</b>",
        "<b><i>x</b></i>",
        '<b onclick="x">x</b>',
        '<a href="javascript:x">x</a>',
        "<!-- x -->",
        "<!DOCTYPE html>",
        "<?php x ?>",
        "<b>" * 101 + "</b>" * 101,
    ],
    ids=["open", "closed", "crossed", "attribute", "scheme", "comment", "declaration", "instruction", "deep"],
)
def test_what_a_strict_client_has_against_html(html: str) -> None:
    assert html_mistakes(html)


def test_what_it_shows() -> None:
    assert html_mistakes('<p><span data-mx-color="#ff0000">x</span><br><a href="https://x.org/">y</a></p>') == []
