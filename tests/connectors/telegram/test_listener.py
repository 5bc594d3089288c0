"""The bot, against a played Telegram on a real socket."""

from __future__ import annotations

import asyncio

import pytest

from headgate.bots.chat import Incoming
from headgate.errors import BotError
from headgate.testing.telegram.server import TelegramServer
from tests.connectors.telegram.talking import ADA, Kept, Talk, listener, listening, sent, until


async def test_somebody_who_writes_in_private_is_answered(server: TelegramServer, talk: Talk) -> None:
    async with listening(server, talk):
        server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, "/jobs")
        [answer] = await sent(server.telegram)
    assert (answer.chat, answer.text) == (ADA.id, "heard jobs")
    assert talk.heard == [Incoming("1001", "Ada", "1001", private=True, text="jobs")]


async def test_in_a_group_the_bot_answers_where_it_was_asked_and_is_silent_otherwise(
    server: TelegramServer, talk: Talk
) -> None:
    group = server.telegram.chats[-100200]
    async with listening(server, talk):
        server.telegram.updates.say(group, ADA, "what a day")
        server.telegram.updates.say(group, ADA, f"@{server.telegram.username} jobs", topic=4)
        asked = server.telegram.updates.waiting[-1]["message"]
        [answer] = await sent(server.telegram)
    assert answer.message["message_thread_id"] == 4
    assert answer.body["reply_parameters"]["message_id"] == asked["message_id"]
    assert [incoming.text for incoming in talk.heard] == ["jobs"]


async def test_the_place_is_kept_once_the_answers_are_given(server: TelegramServer, talk: Talk) -> None:
    memory = Kept()
    talk.held.clear()
    async with listening(server, talk, memory):
        number = server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, "wait")
        await until(lambda: talk.heard)
        assert memory.value is None
        talk.held.set()
        await until(lambda: memory.value == str(number + 1))
    assert server.telegram.sent


async def test_nothing_is_answered_twice_after_a_restart(server: TelegramServer, talk: Talk) -> None:
    first = server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, "cancel 17")
    server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, "jobs")
    async with listening(server, talk, Kept(str(first + 1))):
        await sent(server.telegram)
    assert [incoming.text for incoming in talk.heard] == ["jobs"]


@pytest.mark.parametrize("kept", ["870900000", "12", "no number", "-3"])
async def test_numbers_that_begin_anew_are_no_reason_for_silence(server: TelegramServer, talk: Talk, kept: str) -> None:
    server.telegram.updates.say(server.telegram.chats[ADA.id], ADA, "jobs")
    async with listening(server, talk, Kept(kept)):
        [answer] = await sent(server.telegram)
    assert answer.text == "heard jobs"


async def test_a_refused_token_is_no_passing_trouble(server: TelegramServer, talk: Talk) -> None:
    with pytest.raises(BotError, match="does not accept the bot's token") as caught:
        await listener(server, token="987654321:AAE-another-bot-altogether-is-this").run(talk)
    assert not caught.value.transient
    assert "AAE" not in caught.value.message


async def test_another_program_with_the_same_token_is_named(server: TelegramServer, talk: Talk) -> None:
    first = asyncio.create_task(listener(server).run(talk))
    await until(lambda: "getUpdates" in [method for method, _ in server.calls])
    async with listening(server, talk):
        with pytest.raises(BotError, match="another program listens with this bot's token") as caught:
            await first
    assert caught.value.transient


async def test_a_webhook_is_named_and_left_alone(server: TelegramServer, talk: Talk) -> None:
    server.telegram.webhook = "https://example.org/hook"
    with pytest.raises(BotError, match="the bot has a webhook"):
        await listener(server).run(talk)
    assert server.telegram.webhook


async def test_a_service_that_goes_away_is_a_passing_trouble(server: TelegramServer, talk: Talk) -> None:
    task = asyncio.create_task(listener(server).run(talk))
    await until(lambda: "getUpdates" in [method for method, _ in server.calls])
    await server.stop()
    with pytest.raises(BotError) as caught:
        await task
    assert caught.value.transient
    assert server.telegram.token.split(":")[1] not in caught.value.message
