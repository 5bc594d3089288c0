"""The played Google refuses what must be refused: were one of these taken, nothing shown by it would count."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
from collections.abc import AsyncIterator

import httpx2
import pytest
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from headgate.connectors.mailto.service_account import GRANT, parse_key
from headgate.testing.gmail.google import SEND, PlayedGoogle

USER = "slurm@example.org"
MAIL = b"From: slurm@example.org\r\nTo: ada@example.org\r\nSubject: x\r\n\r\nx\r\n"


@pytest.fixture
async def google() -> AsyncIterator[PlayedGoogle]:
    async with PlayedGoogle((USER,)) as google:
        google.tokens["good"] = USER
        yield google


@pytest.fixture
async def client(google: PlayedGoogle) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=google.url, trust_env=False) as client:
        yield client


async def send(client: httpx2.AsyncClient, body: object, bearer: str = "good") -> httpx2.Response:
    """Hand over a body as a stranger would."""
    return await client.post(
        "/gmail/v1/users/me/messages/send", json=body, headers={"Authorization": f"Bearer {bearer}"}
    )


def raw(mail: bytes) -> str:
    """Return a mail as it is handed over."""
    return base64.urlsafe_b64encode(mail).decode()


async def test_a_good_mail_is_taken(google: PlayedGoogle, client: httpx2.AsyncClient) -> None:
    answer = await send(client, {"raw": raw(MAIL)})
    assert answer.json()["labelIds"] == ["SENT"]
    assert google.mails[0].raw == MAIL


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "'raw' RFC822"),
        ({"raw": 5}, "'raw' RFC822"),
        ({"raw": "$$$"}, "Base64"),
        ({"raw": raw(MAIL), "to": "x"}, "Unknown name"),
        ({"raw": raw(MAIL.replace(b"To: ada@example.org\r\n", b""))}, "Recipient address required"),
        ({"raw": raw(MAIL.replace(b"ada@example.org", b"ada"))}, "Invalid To header"),
        ({"raw": raw(MAIL.replace(b"From: slurm@example.org\r\n", b""))}, "Invalid From header"),
        ({"raw": raw(MAIL.replace(b"Subject: x", b"Subject: " + b"x" * 1000))}, "Line too long"),
    ],
    ids=["nothing", "a number", "no base64", "another field", "no To", "no address", "no From", "a long line"],
)
async def test_what_is_no_mail_is_refused(
    google: PlayedGoogle, client: httpx2.AsyncClient, body: object, said: str
) -> None:
    answer = await send(client, body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]
    assert not google.mails


async def test_without_a_good_token_nothing_is_taken(google: PlayedGoogle, client: httpx2.AsyncClient) -> None:
    assert (await send(client, {"raw": raw(MAIL)}, bearer="bad")).status_code == 401
    assert (await client.post("/gmail/v1/users/me/messages/send", json={"raw": raw(MAIL)})).status_code == 401
    assert (await client.post("/gmail/v1/users/me/drafts", json={})).status_code == 404
    assert not google.mails


async def test_only_a_signed_claim_of_now_gets_a_token(google: PlayedGoogle, client: httpx2.AsyncClient) -> None:
    claim = parse_key(google.key_file).claim(USER, 0)
    for form in (
        {"grant_type": "password", "assertion": claim},
        {"grant_type": GRANT, "assertion": claim},
        {"grant_type": GRANT, "assertion": "x.y.z"},
        {"grant_type": GRANT},
    ):
        assert (await client.post("/token", data=form)).status_code == 400
    assert set(google.tokens) == {"good"}


async def test_a_scope_that_was_not_delegated_is_refused() -> None:
    async with PlayedGoogle((USER,), clock=lambda: 1000.0) as google:
        google.account = dataclasses.replace(google.account, scopes=frozenset())
        claim = parse_key(google.key_file).claim(USER, 1000.0)
        async with httpx2.AsyncClient(base_url=google.url, trust_env=False) as client:
            answer = await client.post("/token", data={"grant_type": GRANT, "assertion": claim})
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized_client")


async def test_google_s_own_library_gets_a_token_here_and_the_token_is_good(
    google: PlayedGoogle, client: httpx2.AsyncClient
) -> None:
    credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
        json.loads(google.key_file), scopes=[SEND], subject=USER
    )
    await asyncio.to_thread(credentials.refresh, Request())
    assert google.tokens[credentials.token] == USER
    assert (await send(client, {"raw": raw(MAIL)}, bearer=credentials.token)).status_code == 200
