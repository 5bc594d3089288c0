"""A relay is listened to, and what it loses is looked for elsewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest

from headgate.builds.incoming.intake import Intake
from headgate.builds.incoming.relay import Relay
from headgate.events.journal import Journal
from headgate.events.sources.standings import Standing
from headgate.store import journal
from headgate.store.journal import EventFilter
from headgate.store.store import Store
from headgate.testing.relay import FakeRelay
from tests.builds.incoming.signing import comment, forges, github, gitlab, headers, needs_samples
from tests.builds.incoming.test_intake import note

pytestmark = needs_samples


class Listening:
    """A relay, and what listens to it."""

    def __init__(self, relay: FakeRelay, store: Store) -> None:
        self.relay, self.store = relay, store
        self.intake = Intake(store, Journal(), forges(main=github(), lab=gitlab("token")))
        self.standing = Standing()
        self.looked = 0
        self.intake.missed["main"] = self._look
        self.listener = Relay("main", relay.url, self.intake, self.standing, first=0.01)

    def _look(self) -> None:
        self.looked += 1

    async def post(self, text: str = "bot: help", number: int = 1, secret: str = "") -> None:
        """Post a webhook to the channel, as GitHub does."""
        body = json.dumps(comment(text, id=number), separators=(",", ":"), ensure_ascii=False).encode()
        signed = headers(body, "issue_comment", secret=secret) if secret else headers(body, "issue_comment")
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
            assert (await client.post(self.relay.url, content=body, headers=signed)).status_code == 200

    async def written(self) -> list[object]:
        found = await self.store.read(lambda connection: journal.find(connection, EventFilter(), limit=100))
        return [one.event.data["comment_id"] for one in found]


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await true():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(store: Store, relay: FakeRelay) -> AsyncIterator[Listening]:
    own = Listening(relay, store)
    run = asyncio.create_task(own.listener.run())
    try:
        yield own
    finally:
        own.listener.stop()
        await asyncio.wait_for(run, 60)


async def connected(relay: FakeRelay) -> None:
    async def some() -> bool:
        return bool(relay.listeners)

    await until(some)


@pytest.fixture
async def relay() -> AsyncIterator[FakeRelay]:
    async with FakeRelay() as made:
        yield made


async def test_what_is_posted_to_a_channel_comes_into_the_journal(store: Store, relay: FakeRelay) -> None:
    async with listening(store, relay) as own:
        await connected(relay)
        await own.post("bot: build é \x1b \U0001f600\r\n", 5)

        async def there() -> bool:
            return await own.written() == [5]

        await until(there)
    assert own.standing.problem == ""


async def test_gitlabs_webhooks_come_through_a_relay_too(store: Store, relay: FakeRelay) -> None:
    own = Intake(store, Journal(), forges(lab=gitlab("token")))
    listener = Relay("lab", relay.url, own, Standing(), first=0.01)
    run = asyncio.create_task(listener.run())
    await connected(relay)
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
        sent = {"x-gitlab-token": "token", "x-gitlab-event": "Note Hook"}
        await client.post(relay.url, json=note(), headers=sent)

    async def there() -> bool:
        return len(await store.read(lambda connection: journal.find(connection, EventFilter(), limit=9))) == 1

    await until(there)
    listener.stop()
    await asyncio.wait_for(run, 60)


async def test_a_connection_that_was_lost_is_made_again_and_what_was_missed_is_looked_for(
    store: Store, relay: FakeRelay
) -> None:
    async with listening(store, relay) as own:
        await connected(relay)
        first = own.looked
        await relay.disconnect()
        await connected(relay)
        await own.post(number=6)

        async def there() -> bool:
            return await own.written() == [6]

        await until(there)
        assert own.looked > first >= 1


async def test_a_relay_that_is_away_or_refuses_is_tried_again(store: Store, relay: FakeRelay) -> None:
    relay.status = 503
    async with listening(store, relay) as own:

        async def refused() -> bool:
            return "503" in own.standing.problem

        await until(refused)
        relay.status = 200
        await connected(relay)
        await relay.stop()

        async def lost() -> bool:
            return "relay" in own.standing.problem

        await until(lost)
        await relay.start()
        await connected(relay)

        async def well() -> bool:
            return own.standing.problem == ""

        await until(well)


async def test_what_a_relay_garbled_is_looked_for_at_the_forge(store: Store, relay: FakeRelay) -> None:
    async with listening(store, relay) as own:
        await connected(relay)

        async def looked() -> bool:
            return own.looked >= 2

        await own.post(secret="of somebody else")
        await until(looked)
        assert await own.written() == []
        await own.post(number=7)

        async def there() -> bool:
            return await own.written() == [7]

        await until(there)


async def test_what_is_no_webhook_is_passed_over(store: Store, relay: FakeRelay) -> None:
    async with listening(store, relay) as own:
        await connected(relay)
        for data in ("", "{}", "no json", '{"x-github-event":"ping"}', "[" * 10_000):
            await relay.send("message", data)
        await own.post(number=8)

        async def there() -> bool:
            return await own.written() == [8]

        await until(there)


async def test_the_channels_address_is_a_secret(store: Store, relay: FakeRelay) -> None:
    relay.status = 404
    async with listening(store, relay) as own:

        async def failed() -> bool:
            return own.standing.problem != ""

        await until(failed)
        assert "channel" not in own.standing.problem
        assert relay.url not in own.standing.problem
