"""Webhooks over HTTP: what the answers are, and that a body has bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from headgate.builds.incoming.intake import Intake
from headgate.errors import StoreError
from headgate.events.journal import Journal
from headgate.model.event import Event
from headgate.store import journal
from headgate.store.journal import EventFilter
from headgate.store.store import Store
from headgate.web import forges as forges_module
from headgate.web.app import make_app
from headgate.web.server import WebServer
from tests.builds.incoming.signing import comment, forges, github, gitlab, headers, needs_samples
from tests.builds.incoming.test_intake import note

pytestmark = needs_samples


async def _nothing_wrong() -> Mapping[str, str]:
    return {}


async def _nothing_waits() -> Mapping[tuple[str, str], int]:
    return {}


def make_app_of(intake: Intake | None) -> FastAPI:
    """Make the application with an intake."""
    return make_app(_nothing_wrong, _nothing_waits, lambda: intake)


@asynccontextmanager
async def serving(intake: Intake | None) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve on loopback, as the service does."""
    server = WebServer(make_app_of(intake), "127.0.0.1", 0)
    run = asyncio.create_task(server.run())
    try:
        transport = httpx2.AsyncHTTPTransport(retries=10)
        base = f"http://127.0.0.1:{server.port}"
        async with httpx2.AsyncClient(base_url=base, transport=transport, timeout=60) as client:
            await client.get("/healthz")  # it listens
            yield client
    finally:
        server.stop()
        await asyncio.wait_for(run, 60)


def intake(store: Store) -> Intake:
    own = forges(main=github("first"), other=github("second"), lab=gitlab("third"))
    return Intake(store, Journal(), own)


async def written(store: Store) -> list[Event]:
    found = await store.read(lambda connection: journal.find(connection, EventFilter(), limit=100))
    return [one.event for one in found]


async def post(client: httpx2.AsyncClient, path: str, by: str = "first", **more: Any) -> httpx2.Response:
    body = json.dumps(comment()).encode()
    return await client.post(path, content=body, headers=headers(body, "issue_comment", secret=by, **more))


async def test_a_signed_webhook_is_answered_202_and_is_in_the_journal_by_then(store: Store) -> None:
    async with serving(intake(store)) as client:
        answer = await post(client, "/github/webhook")
        assert (answer.status_code, answer.json()) == (202, {"outcome": "new"})
        assert len(await written(store)) == 1
        again = await post(client, "/github/webhook")
    assert (again.status_code, again.json()) == (202, {"outcome": "known"})
    assert len(await written(store)) == 1


async def test_a_bad_signature_is_answered_401_and_nothing_is_written(store: Store) -> None:
    # The predecessor answered 200, so that GitHub's page of deliveries was green.
    async with serving(intake(store)) as client:
        answer = await post(client, "/github/webhook", "guessed")
        assert answer.status_code == 401
        unsigned = await client.post("/github/webhook", json=comment())
    assert (unsigned.status_code, await written(store)) == (401, [])


async def test_an_address_of_one_app_is_its_own(store: Store) -> None:
    async with serving(intake(store)) as client:
        statuses = [
            (await post(client, path, secret)).status_code
            for path, secret in (
                ("/github/webhook", "second"),
                ("/github/webhook/other", "second"),
                ("/github/webhook/main", "second"),
                ("/github/webhook/lab", "third"),
                ("/github/webhook/nobody", "first"),
            )
        ]
    assert statuses == [202, 202, 401, 404, 404]


async def test_gitlab_posts_to_an_address_of_its_own(store: Store) -> None:
    async with serving(intake(store)) as client:
        for path, token, status in (
            ("/gitlab/webhook", "third", 202),
            ("/gitlab/webhook/lab", "third", 202),
            ("/gitlab/webhook", "first", 401),
            ("/gitlab/webhook/main", "third", 404),
        ):
            answer = await client.post(path, json=note(), headers={"x-gitlab-token": token})
            assert answer.status_code == status
    assert [event.data["forge"] for event in await written(store)] == ["lab"]


async def test_where_no_forge_is_configured_there_is_no_such_address() -> None:
    async with serving(None) as client:
        assert (await post(client, "/github/webhook")).status_code == 404


async def test_what_is_signed_and_cannot_be_read_is_no_success(store: Store) -> None:
    body = b"not json"
    async with serving(intake(store)) as client:
        given = headers(body, "issue_comment", secret="first")
        answer = await client.post("/github/webhook", content=body, headers=given)
    assert answer.status_code == 400


@pytest.mark.parametrize("said", [True, False])
async def test_a_body_beyond_the_bound_is_refused(store: Store, said: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forges_module, "MOST", 1000)
    body = b"x" * 1001

    async def parts() -> AsyncIterator[bytes]:
        yield body

    async with serving(intake(store)) as client:
        answer = await client.post("/github/webhook", content=body if said else parts())
    assert answer.status_code == 413


async def test_a_length_that_is_no_sensible_number_is_refused(store: Store) -> None:
    async with serving(intake(store)) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(b"POST /github/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        line = await asyncio.wait_for(reader.readline(), 60)
        writer.close()
    assert b" 413 " in line


async def test_webhooks_that_do_not_end_are_given_up_and_hold_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forges_module, "_PATIENCE", 0.2)
    async with serving(intake(store)) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(b"POST /github/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbegin")
        line = await asyncio.wait_for(reader.readline(), 60)
        writer.close()
        assert b" 408 " in line
        assert (await post(client, "/github/webhook")).status_code == 202


async def test_too_much_at_once_is_refused_and_then_taken(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forges_module, "_ALL", 10)
    async with serving(intake(store)) as client:
        assert (await post(client, "/github/webhook")).status_code == 503
        monkeypatch.undo()
        assert (await post(client, "/github/webhook")).status_code == 202


class _Lost(Journal):
    def append(self, *_: Any, **__: Any) -> dict[str, int]:
        raise StoreError("the disk is full")


async def test_what_cannot_be_written_down_is_not_said_to_be_taken(store: Store) -> None:
    lost = Intake(store, _Lost(), forges(main=github("first")))
    async with serving(lost) as client:
        answer = await post(client, "/github/webhook")
    assert answer.status_code == 503
    assert "disk" not in answer.text
