"""The listener over real sockets: discord.py against our own gateway and API."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket

from headgate.bots.chat import Answer, Incoming, Listener
from headgate.connectors.discord.listener import DiscordListener, listen
from headgate.connectors.discord.settings import DiscordSettings
from headgate.errors import BotError
from headgate.testing.conformance.observers import Listener as LogListener
from headgate.testing.discord.gateway import MESSAGE_CONTENT, FakeGateway, private_message
from headgate.testing.discord.server import PERSON, TOKEN, FakeDiscord
from headgate.testing.http.sink import Answer as HttpAnswer

PRIVATE = "1050000000000000777"


class NoMemory:
    """A memory that is never asked."""

    async def recall(self) -> str | None:
        raise AssertionError

    async def keep(self, value: str) -> None:
        raise AssertionError(value)


@dataclass
class Played:
    """A whole Discord: its API and its gateway."""

    api: FakeDiscord
    gateway: FakeGateway


@pytest.fixture
async def played(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Played]:
    async with FakeDiscord() as api, FakeGateway() as gateway:
        api.channels.add(PRIVATE)
        monkeypatch.setattr(discord.http.Route, "BASE", f"{api.url}/v10")
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(gateway.url))
        yield Played(api, gateway)


@pytest.fixture(autouse=True)
def nothing_secret_logged() -> Iterator[None]:
    """Listen to all logs, and fail any test in which the token or a text was logged."""
    heard = LogListener()
    root = logging.getLogger()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    yield
    root.removeHandler(heard)
    root.setLevel(level)
    assert not [line for line in heard.told if TOKEN in line or "say a secret" in line]


def listener(**changes: object) -> DiscordListener:
    """Make a listener."""
    return DiscordListener(DiscordSettings.model_validate({"token": TOKEN} | changes))


async def echo(incoming: Incoming) -> Answer | None:
    """Answer with what was said."""
    return Answer(f"{incoming.name} said: {incoming.text}")


@contextlib.asynccontextmanager
async def listening(made: Listener, gateway: FakeGateway) -> AsyncIterator[asyncio.Task[None]]:
    """Run a listener until the block ends."""
    task = asyncio.create_task(made.run(echo))
    ready = asyncio.create_task(gateway.ready.wait())
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert ready.done(), task
    yield task
    task.cancel()
    await asyncio.wait({task})


async def until_answered(api: FakeDiscord, number: int = 1) -> None:
    """Wait until so many messages were sent."""
    async with asyncio.timeout(20):
        while len(api.messages) < number:
            await asyncio.sleep(0.01)


async def test_somebody_who_writes_in_private_is_answered_over_the_wire(played: Played) -> None:
    async with listening(listener(), played.gateway):
        await played.gateway.dispatch("MESSAGE_CREATE", private_message("say a secret", channel=PRIVATE, author=PERSON))
        await until_answered(played.api)
    (taken,) = played.api.messages
    assert taken.channel == PRIVATE
    assert taken.payload["content"] == "Ada said: say a secret"
    assert taken.payload["allowed_mentions"] == {"parse": []}
    assert not played.gateway.identified[0]["intents"] & MESSAGE_CONTENT


async def test_a_connection_that_breaks_is_resumed_and_is_no_loss(played: Played) -> None:
    async with listening(listener(), played.gateway) as task:
        await played.gateway.close(4000)
        async with asyncio.timeout(20):
            await played.gateway.ready.wait()
        await played.gateway.dispatch("MESSAGE_CREATE", private_message("hello", channel=PRIVATE, author=PERSON))
        await until_answered(played.api)
        assert not task.done()
    assert len(played.gateway.identified) == len(played.gateway.resumed) == 1


@pytest.mark.usefixtures("played")
async def test_a_refused_token_is_not_transient() -> None:
    with pytest.raises(BotError) as caught:
        await listener(token="another-token-0123456789-0123456789").run(echo)
    assert not caught.value.transient
    assert "token" in caught.value.message


@pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013, 4014])
async def test_what_the_gateway_refuses_for_good_is_not_transient(played: Played, code: int) -> None:
    async with listening(listener(), played.gateway) as task:
        await played.gateway.close(code)
        await asyncio.wait({task}, timeout=20)
    error = task.exception()
    assert isinstance(error, BotError)
    assert not error.transient


@pytest.mark.usefixtures("played")
async def test_an_intent_that_is_not_switched_on_is_named() -> None:
    with pytest.raises(BotError, match="message_content") as caught:
        await listener(message_content=True).run(echo)
    assert not caught.value.transient


async def test_a_gateway_that_is_gone_is_a_transient_loss(played: Played) -> None:
    async with listening(listener(), played.gateway) as task:
        await played.gateway.__aexit__(None, None, None)
        await asyncio.wait({task}, timeout=20)
    error = task.exception()
    assert isinstance(error, BotError)
    assert error.transient


async def test_an_api_that_is_not_there_is_a_transient_loss(played: Played) -> None:
    await played.api.stop()
    with pytest.raises(BotError) as caught:
        await listener().run(echo)
    assert caught.value.transient


async def test_an_api_that_answers_nonsense_is_a_transient_loss(played: Played) -> None:
    played.api.sink.choose = lambda _: HttpAnswer(418, {"Content-Type": "text/plain"}, b"teapot")
    with pytest.raises(BotError) as caught:
        await listener().run(echo)
    assert caught.value.transient


async def test_an_answer_that_discord_py_cannot_read_is_a_transient_loss(played: Played) -> None:
    played.api.sink.choose = lambda _: HttpAnswer(200, {"Content-Type": "application/json"}, b"{}")
    with pytest.raises(BotError, match="cannot be read") as caught:
        await listener().run(echo)
    assert caught.value.transient


async def test_cancelling_ends_the_connection_and_the_answers(played: Played) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(_incoming: Incoming) -> Answer | None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return None

    task = asyncio.create_task(listener().run(slow))
    async with asyncio.timeout(20):
        await played.gateway.ready.wait()
        await played.gateway.dispatch("MESSAGE_CREATE", private_message("hello", channel=PRIVATE, author=PERSON))
        await begun.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=20)
    assert task.cancelled()
    assert ended.is_set()


async def test_a_lost_connection_does_not_wait_for_answers_under_way(played: Played) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(_incoming: Incoming) -> Answer | None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return None

    task = asyncio.create_task(listener().run(slow))
    async with asyncio.timeout(20):
        await played.gateway.ready.wait()
        await played.gateway.dispatch("MESSAGE_CREATE", private_message("hello", channel=PRIVATE, author=PERSON))
        await begun.wait()
        await played.gateway.close(4004)
        await asyncio.wait({task})
    assert isinstance(task.exception(), BotError)
    assert ended.is_set()


def test_a_listener_is_made_without_connecting() -> None:
    made = listen("discord", DiscordSettings.model_validate({"token": TOKEN}), NoMemory())
    assert TOKEN not in repr(made)
