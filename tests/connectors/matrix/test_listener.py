"""The bot on a real homeserver."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import structlog

from headgate.bots.chat import Answer, Button, Incoming
from headgate.connectors.matrix.listener import MatrixListener
from headgate.connectors.matrix.settings import MatrixSettings
from headgate.errors import BotError
from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer as HttpAnswer
from headgate.testing.http.sink import Behaviour, Hang, HttpSink
from headgate.testing.matrix.fake import refusal
from headgate.testing.matrix.person import Person
from headgate.testing.matrix.synapse import SynapseServer
from tests.connectors.matrix.conftest import NewPerson

PATIENCE = 60.0
"""Seconds after which something has not happened; nothing is timed by it."""


class Notebook:
    """A memory that lasts as long as the test."""

    def __init__(self) -> None:
        self.value: str | None = None

    async def recall(self) -> str | None:
        return self.value

    async def keep(self, value: str) -> None:
        self.value = value


class Echo:
    """Answers what it is told, and keeps it."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []
        self.answers: dict[str, Answer | None] = {}
        self.gates: dict[str, asyncio.Event] = {}

    async def __call__(self, incoming: Incoming) -> Answer | None:
        self.heard.append(incoming)
        if gate := self.gates.get(incoming.text):
            await gate.wait()
        if incoming.text == "break":
            raise ZeroDivisionError
        return self.answers.get(incoming.text, Answer(f"You said: {incoming.text}"))


Listening = Callable[..., Awaitable[tuple[Echo, Notebook]]]


async def eventually(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask until there is an answer."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await ask()):
            await asyncio.sleep(0.05)
        return found


@asynccontextmanager
async def running(settings: MatrixSettings, echo: Echo, memory: Notebook) -> AsyncIterator[None]:
    """Run a bot, and wait until it hears."""
    task = asyncio.create_task(MatrixListener("matrix", settings, memory).run(echo))

    async def listens() -> bool:
        if task.done():
            task.result()
        return memory.value is not None

    try:
        await eventually(listens)
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def listen(synapse: SynapseServer, bot: Person) -> AsyncIterator[Listening]:
    """Start the bot, with these settings."""
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> tuple[Echo, Notebook]:
            echo, memory = Echo(), Notebook()
            made = MatrixSettings(homeserver=synapse.url, token=bot.token, bot={"enabled": True}, **settings)
            await stack.enter_async_context(running(made, echo, memory))
            return echo, memory

        yield start


async def said(person: Person, room: str, bot: Person, number: int = 1) -> list[str]:
    """Wait until the bot has said so much in a room, and return it."""

    async def enough() -> list[dict[str, Any]]:
        events = await person.events(room, of=bot.user)
        return events if len(events) >= number else []

    return [event["content"]["body"] for event in await eventually(enough)]


async def gone(person: Person, room: str, bot: Person) -> dict[str, Any]:
    """Wait until the bot is no longer in a room or invited to it, and return how it went."""

    async def left() -> dict[str, Any]:
        membership = await person.membership(room, bot.user)
        return membership if membership["membership"] == "leave" else {}

    found: dict[str, Any] = await eventually(left)
    return found


async def test_an_invitation_is_followed_and_the_receiver_told(listen: Listening, ada: Person, bot: Person) -> None:
    await listen()
    room = await ada.make_room(bot.user)
    (greeting,) = await said(ada, room, bot)
    assert f"--mail-user='matrix:{room}'" in greeting.splitlines()
    (event,) = await ada.events(room, of=bot.user)
    assert event["content"]["msgtype"] == "m.notice"
    assert f"<pre><code>--mail-user=&#x27;matrix:{room}&#x27;</code></pre>" in event["content"]["formatted_body"]


async def test_where_only_links_count_no_receiver_is_told_that_would_be_refused(
    listen: Listening, ada: Person, bot: Person
) -> None:
    await listen(linked_only=True)
    room = await ada.make_room(bot.user)
    (greeting,) = await said(ada, room, bot)
    assert "--mail-user" not in greeting
    assert "Say help for more" in greeting


async def test_in_private_everything_is_answered(listen: Listening, ada: Person, bot: Person) -> None:
    echo, _ = await listen()
    room = await ada.make_room(bot.user)
    await said(ada, room, bot)
    await ada.say(room, "jobs")
    assert (await said(ada, room, bot, 2))[1] == "You said: jobs"
    (incoming,) = echo.heard
    assert (incoming.identity, incoming.place, incoming.private, incoming.pressed) == (ada.user, room, True, False)


async def test_in_a_group_of_strangers_only_what_is_meant_for_the_bot_is_answered(
    listen: Listening, ada: Person, bot: Person, new_person: NewPerson
) -> None:
    echo, _ = await listen()
    eve = await new_person("eve")
    room = await ada.make_room(bot.user, eve.user)
    await eve.join(room)
    await said(ada, room, bot)
    name = bot.user.removeprefix("@").partition(":")[0]
    for text in ("jobs", f"I like {name}", f"{name}y jobs", "help", "we said showmeslurm"):
        await eve.say(room, text)
    await eve.say(room, "help", msgtype="m.notice")
    for text in (f"{name}: help", f"{bot.user} help 2", "ShowMeSlurm help 3"):
        await eve.say(room, text)
    answers = await said(ada, room, bot, 4)
    assert sorted(answers[1:]) == ["You said: help", "You said: help 2", "You said: help 3"]
    assert not any(incoming.private for incoming in echo.heard)
    assert len(echo.heard) == 3


async def test_a_mention_at_the_beginning_is_meant_for_the_bot_and_an_answer_to_a_message_is_not(
    listen: Listening, ada: Person, bot: Person, new_person: NewPerson
) -> None:
    echo, _ = await listen()
    eve = await new_person("eve")
    room = await ada.make_room(bot.user, eve.user)
    await eve.join(room)
    await said(ada, room, bot)
    mentions = {"m.mentions": {"user_ids": [bot.user]}, "format": "org.matrix.custom.html"}
    await eve.say(room, "I have fixed it", **{**mentions, "formatted_body": "I have fixed it"})
    html = f'<a href="https://matrix.to/#/{bot.user}">The Bot</a>: jobs'
    await eve.say(room, "The Bot: jobs", **{**mentions, "formatted_body": html})
    assert (await said(ada, room, bot, 2))[1] == "You said: jobs"
    assert [incoming.text for incoming in echo.heard] == ["jobs"]


async def test_what_is_for_one_person_alone_is_not_said_in_a_group(
    listen: Listening, ada: Person, bot: Person, new_person: NewPerson
) -> None:
    echo, _ = await listen()
    echo.answers["output 17"] = Answer("Output of job 17", code="secret", discreet=True)
    eve = await new_person("eve")
    room = await ada.make_room(bot.user, eve.user)
    await eve.join(room)
    await said(ada, room, bot)
    await ada.say(room, "showmeslurm output 17")
    assert "only two" in (await said(ada, room, bot, 2))[1]
    await eve.leave(room)
    await ada.say(room, "output 17")
    assert "secret" in (await said(ada, room, bot, 3))[2]


async def test_a_room_of_two_that_anybody_may_enter_is_not_private(listen: Listening, ada: Person, bot: Person) -> None:
    echo, _ = await listen()
    room = await ada.make_room(bot.user, public=True)
    await said(ada, room, bot)
    await ada.say(room, "jobs")
    await ada.say(room, "showmeslurm help")
    await said(ada, room, bot, 2)
    assert [(incoming.text, incoming.private) for incoming in echo.heard] == [("help", False)]


async def test_a_room_of_two_that_somebody_else_is_invited_to_is_not_private(
    listen: Listening, ada: Person, bot: Person, new_person: NewPerson
) -> None:
    echo, _ = await listen()
    room = await ada.make_room(bot.user, (await new_person("eve")).user)
    await said(ada, room, bot)
    await ada.say(room, "jobs")
    await ada.say(room, "showmeslurm help")
    await said(ada, room, bot, 2)
    assert [(incoming.text, incoming.private) for incoming in echo.heard] == [("help", False)]


async def test_an_answer_is_shown_with_code_and_what_may_be_said_next(
    listen: Listening, ada: Person, bot: Person
) -> None:
    echo, _ = await listen()
    buttons = (Button("Yes", "cancel 17 yes", danger=True),)
    echo.answers["cancel 17"] = Answer("Really <b>cancel</b>?\n- @room", code="a  b\nc", buttons=buttons)
    room = await ada.make_room(bot.user)
    await said(ada, room, bot)
    await ada.say(room, "cancel 17")
    await said(ada, room, bot, 2)
    content = (await ada.events(room, of=bot.user))[1]["content"]
    assert content["formatted_body"] == (
        "<p>Really &lt;b&gt;cancel&lt;/b&gt;?</p><ul><li>@\u2060room</li></ul><pre><code>a  b\nc</code></pre>"
        "<p>Say <code>cancel 17 yes</code></p>"
    )
    assert content["m.mentions"] == {}


async def test_two_people_are_answered_at_once(
    listen: Listening, ada: Person, bot: Person, new_person: NewPerson
) -> None:
    echo, _ = await listen()
    bob = await new_person("bob")
    rooms = [(person, await person.make_room(bot.user)) for person in (ada, bob)]
    for person, room in rooms:
        await said(person, room, bot)
    echo.gates["slow"] = asyncio.Event()
    await ada.say(rooms[0][1], "slow")

    async def heard() -> bool:
        return bool(echo.heard)

    await eventually(heard)
    await bob.say(rooms[1][1], "quick")
    assert (await said(bob, rooms[1][1], bot, 2))[1] == "You said: quick"
    assert len(await ada.events(rooms[0][1], of=bot.user)) == 1
    echo.gates["slow"].set()
    assert (await said(ada, rooms[0][1], bot, 2))[1] == "You said: slow"


async def test_an_answer_that_fails_does_not_end_the_bot(listen: Listening, ada: Person, bot: Person) -> None:
    await listen()
    room = await ada.make_room(bot.user)
    await said(ada, room, bot)
    with structlog.testing.capture_logs() as entries:
        await ada.say(room, "break")
        await ada.say(room, "help")
        assert (await said(ada, room, bot, 2))[1] == "You said: help"
    assert "matrix.bot_failed" in [entry["event"] for entry in entries]


async def test_a_person_who_asks_without_end_is_answered_a_few_times(
    listen: Listening, ada: Person, bot: Person
) -> None:
    echo, _ = await listen()
    room = await ada.make_room(bot.user)
    await said(ada, room, bot)
    echo.gates["first"] = asyncio.Event()
    await ada.say(room, "first")

    async def heard() -> bool:
        return bool(echo.heard)

    await eventually(heard)
    with structlog.testing.capture_logs() as entries:
        for number in range(10):
            await ada.say(room, f"more {number}")

        async def dropped() -> bool:
            return len([entry for entry in entries if entry["event"] == "matrix.bot_busy"]) == 8

        await eventually(dropped)
    echo.gates["first"].set()
    assert (await said(ada, room, bot, 4))[1:] == ["You said: first", "You said: more 0", "You said: more 1"]


async def test_the_bot_leaves_when_it_is_alone(listen: Listening, ada: Person, bot: Person) -> None:
    await listen()
    room = await ada.make_room(bot.user)
    await said(ada, room, bot)
    await ada.leave(room)

    async def forgotten() -> bool:
        return room not in (await bot.ask("GET", "/joined_rooms"))["joined_rooms"]

    await eventually(forgotten)


async def test_rooms_in_which_it_became_alone_are_left_at_the_start(
    listen: Listening, ada: Person, bot: Person
) -> None:
    rooms = [await ada.make_room(bot.user) for _ in range(2)]
    for room in rooms:
        await bot.join(room)
    await ada.leave(rooms[0])
    await listen()

    async def one_left() -> bool:
        return bool((await bot.ask("GET", "/joined_rooms"))["joined_rooms"] == [rooms[1]])

    await eventually(one_left)


async def test_an_invitation_to_an_encrypted_room_is_declined_with_the_reason(
    listen: Listening, ada: Person, bot: Person
) -> None:
    await listen()
    room = await ada.make_room(bot.user, encrypted=True)
    assert "without encryption" in (await gone(ada, room, bot))["reason"]
    ours = [event for event in await ada.events(room, "m.room.member") if event["state_key"] == bot.user]
    assert [event["content"]["membership"] for event in ours] == ["invite", "leave"]


async def test_a_room_that_becomes_encrypted_is_left_with_the_reason(
    listen: Listening, ada: Person, bot: Person
) -> None:
    await listen()
    room = await ada.make_room(bot.user)
    await said(ada, room, bot)
    await ada.encrypt(room)
    assert "without encryption" in (await gone(ada, room, bot))["reason"]


async def test_encrypted_rooms_it_is_in_already_are_left_at_the_start(
    listen: Listening, ada: Person, bot: Person
) -> None:
    room = await ada.make_room(bot.user, encrypted=True)
    await bot.join(room)
    await listen()
    assert "without encryption" in (await gone(ada, room, bot))["reason"]


async def test_an_invitation_waits_where_nobody_s_are_followed(listen: Listening, ada: Person, bot: Person) -> None:
    old = await ada.make_room(bot.user)
    await bot.join(old)
    await listen(join="nobody")
    room = await ada.make_room(bot.user)
    await ada.say(old, "help")
    await said(ada, old, bot)
    assert (await ada.membership(room, bot.user))["membership"] == "invite"


async def test_invitations_from_while_nobody_listened_are_followed(listen: Listening, ada: Person, bot: Person) -> None:
    room = await ada.make_room(bot.user)
    await listen()
    await said(ada, room, bot)


async def test_what_was_said_before_the_first_start_is_not_answered(
    listen: Listening, ada: Person, bot: Person
) -> None:
    room = await ada.make_room(bot.user)
    await bot.join(room)
    await ada.say(room, "cancel 17")
    echo, _ = await listen()
    await ada.say(room, "help")
    await said(ada, room, bot)
    assert [incoming.text for incoming in echo.heard] == ["help"]


async def test_what_was_said_during_a_restart_is_answered_once(
    synapse: SynapseServer, ada: Person, bot: Person
) -> None:
    settings = MatrixSettings(homeserver=synapse.url, token=bot.token)
    memory, first, second = Notebook(), Echo(), Echo()
    room = await ada.make_room(bot.user)
    async with running(settings, first, memory):
        await said(ada, room, bot)
        await ada.say(room, "one")
        await said(ada, room, bot, 2)
    await ada.say(room, "two")
    async with running(settings, second, memory):
        await ada.say(room, "three")
        assert (await said(ada, room, bot, 4))[1:] == ["You said: one", "You said: two", "You said: three"]
    assert [incoming.text for incoming in second.heard] == ["two", "three"]


async def test_a_place_that_the_homeserver_does_not_know_is_given_up(
    synapse: SynapseServer, ada: Person, bot: Person
) -> None:
    settings = MatrixSettings(homeserver=synapse.url, token=bot.token)
    memory = Notebook()
    memory.value = "nonsense"
    room = await ada.make_room(bot.user)
    async with running(settings, Echo(), memory):
        await said(ada, room, bot)
    assert memory.value != "nonsense"


async def test_a_token_that_is_not_known_ends_the_bot_for_good(synapse: SynapseServer) -> None:
    settings = MatrixSettings(homeserver=synapse.url, token="syt_unknown_token")
    with pytest.raises(BotError) as caught:
        await MatrixListener("matrix", settings, Notebook()).run(Echo())
    assert not caught.value.transient
    assert "syt_unknown_token" not in str(caught.value)


async def test_what_is_old_is_not_answered_and_an_answer_waits_as_it_is_told() -> None:
    said_at = [message(body, age) for body, age in (("cancel 17", 400_000), ("help", 2_000))]
    syncs: deque[dict[str, Any]] = deque(
        [{"next_batch": "s1"}, {"next_batch": "s2", "rooms": {"join": {ROOM: said_at[0]}}}]
    )
    syncs.append({"next_batch": "s3", "rooms": {"join": {ROOM: said_at[1]}}})
    sent: list[ReceivedRequest] = []

    def choose(request: ReceivedRequest) -> Behaviour:
        call = request.path.partition("?")[0].removeprefix("/_matrix/client/v3/")
        if call == "sync":
            return json_answer(syncs.popleft()) if syncs else Hang()
        if request.method == "PUT":
            sent.append(request)
            limit = refusal(429, "M_LIMIT_EXCEEDED", "slow", retry_after_ms=10)
            return limit if len(sent) == 1 else json_answer({"event_id": "$2"})
        return json_answer(ANSWERS[call.rpartition("/")[2]])

    echo, memory = Echo(), Notebook()
    async with HttpSink() as sink:
        sink.choose = choose
        async with running(MatrixSettings(homeserver=sink.url, token="token"), echo, memory):

            async def sent_twice() -> bool:
                return len(sent) == 2

            await eventually(sent_twice)
    assert [incoming.text for incoming in echo.heard] == ["help"]
    assert sent[0].path == sent[1].path
    assert memory.value == "s3"


ROOM = "!room:x.org"
ANSWERS: dict[str, dict[str, Any]] = {
    "whoami": {"user_id": "@bot:x.org"},
    "displayname": {"displayname": "Bot"},
    "joined_rooms": {"joined_rooms": []},
    "joined_members": {"joined": {"@bot:x.org": {}, "@ada:x.org": {}}},
    "members": {"chunk": []},
    "m.room.join_rules": {"join_rule": "invite"},
}


def json_answer(content: dict[str, Any]) -> HttpAnswer:
    return HttpAnswer(200, {"Content-Type": "application/json"}, json.dumps(content).encode())


def message(body: str, age: int) -> dict[str, Any]:
    """Return the part of an answer about a room in which somebody said this, so many milliseconds ago."""
    event = {"type": "m.room.message", "sender": "@ada:x.org", "event_id": f"${age}", "unsigned": {"age": age}}
    return {"timeline": {"events": [{**event, "content": {"msgtype": "m.text", "body": body}}]}}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(HttpAnswer(200, {}, b"<html>"), id="no Matrix"),
        pytest.param(HttpAnswer(502, {}, b"bad gateway"), id="gateway"),
        pytest.param(refusal(429, "M_LIMIT_EXCEEDED", "slow", retry_after_ms=1000), id="limit"),
    ],
)
async def test_other_trouble_is_for_the_keeper_to_wait_for(answer: HttpAnswer) -> None:
    async with HttpSink(default=answer) as sink:
        settings = MatrixSettings(homeserver=sink.url, token="token", timeout=1)
        with pytest.raises(BotError) as caught:
            await MatrixListener("matrix", settings, Notebook()).run(Echo())
    assert caught.value.transient


@pytest.mark.slow
async def test_a_homeserver_that_goes_away_is_told_and_one_that_comes_back_is_used() -> None:
    with SynapseServer() as server:
        async with Person(server.url, "@ada:test.local", server.register("ada")) as ada:
            token = server.register("bot")
            memory, echo = Notebook(), Echo()
            settings = MatrixSettings(homeserver=server.url, token=token)
            task = asyncio.create_task(MatrixListener("matrix", settings, memory).run(echo))

            async def listens() -> bool:
                return memory.value is not None

            await eventually(listens)
            await asyncio.to_thread(server.stop)
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(BotError) as caught:
                    await task
            assert caught.value.transient
            await asyncio.to_thread(server.start)
        settings = MatrixSettings(homeserver=server.url, token=token)
        async with Person(server.url, ada.user, ada.token) as ada, running(settings, echo, memory):
            room = await ada.make_room("@bot:test.local")
            async with Person(server.url, "@bot:test.local", token) as bot:
                await said(ada, room, bot)
