from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from headgate.bots.chat import Answer, Converse, Incoming
from headgate.connectors.mattermost.listener import MattermostListener, listen
from headgate.connectors.mattermost.settings import MattermostSettings
from headgate.errors import BotError
from headgate.testing.mattermost import Channel, FakeMattermost, User


class Forgetful:
    """A memory that holds nothing."""

    async def recall(self) -> str | None:
        return None

    async def keep(self, value: str) -> None:
        raise AssertionError(f"this bot keeps nothing, not even {value}")


class Talk:
    """A conversation that keeps what it is told and answers with an echo."""

    def __init__(self, answer: Callable[[Incoming], Answer | None] | None = None) -> None:
        self.told: list[Incoming] = []
        self._answer = answer or (lambda incoming: Answer(f"You said: {incoming.text}"))

    async def __call__(self, incoming: Incoming) -> Answer | None:
        self.told.append(incoming)
        return self._answer(incoming)


@pytest.fixture
async def server() -> AsyncIterator[FakeMattermost]:
    async with FakeMattermost() as server:
        yield server


def bot_of(server: FakeMattermost, token: str | None = None) -> MattermostListener:
    raw = {"url": server.url, "token": token or server.token, "timeout": 5, "bot": {"enabled": True}}
    return listen("chat", MattermostSettings.model_validate(raw), Forgetful())


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(server: FakeMattermost, converse: Converse) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(bot_of(server).run(converse))
    await until(lambda: server.connections or task.done())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


def private(server: FakeMattermost, person: User) -> Channel:
    return server.world.direct_channel(person, server.world.bot)


async def test_who_speaks_in_private_is_answered_there(server: FakeMattermost) -> None:
    ada, talk = server.world.add_user("ada"), Talk()
    async with running(server, talk):
        await server.say(ada, private(server, ada), "jobs")
        await until(lambda: server.posts)
    channel = private(server, ada).id
    assert talk.told == [Incoming(ada.id, "ada", channel, private=True, text="jobs")]
    assert (server.posts[0]["channel_id"], server.posts[0]["message"]) == (channel, "You said: jobs")
    assert server.posts[0]["root_id"] == ""


async def test_in_a_channel_it_answers_only_who_addresses_it_and_in_a_thread(server: FakeMattermost) -> None:
    ada, talk = server.world.add_user("ada"), Talk()
    channel = server.world.add_channel("hpc", "jobs", ada, server.world.bot)
    async with running(server, talk):
        await server.say(ada, channel, "nothing for anybody")
        await server.say(ada, channel, "what does @headgate say?")
        asked = await server.say(ada, channel, "@headgate job 17")
        await server.say(ada, channel, "showmeslurm")
        await until(lambda: len(server.posts) == 2)
    assert sorted(incoming.text for incoming in talk.told) == ["", "job 17"]
    assert asked["id"] in {post["root_id"] for post in server.posts}


async def test_what_is_meant_for_one_person_is_said_in_private(server: FakeMattermost) -> None:
    ada, talk = server.world.add_user("ada"), Talk(lambda _: Answer("Only for you", discreet=True))
    channel = server.world.add_channel("hpc", "jobs", ada, server.world.bot)
    async with running(server, talk):
        await server.say(ada, channel, "@headgate jobs")
        await until(lambda: server.posts)
    assert [post["channel_id"] for post in server.posts] == [private(server, ada).id]


async def test_it_answers_no_bots_no_webhooks_and_not_itself(server: FakeMattermost) -> None:
    ada, other, talk = server.world.add_user("ada"), server.world.add_user("robot", is_bot=True), Talk()
    channel = server.world.add_channel("hpc", "jobs", ada, other, server.world.bot)
    async with running(server, talk):
        await server.say(other, channel, "@headgate jobs")
        await server.say(server.world.bot, channel, "@headgate jobs")
        await server.say(ada, channel, "@headgate jobs", props={"from_webhook": "true"})
        await server.say(ada, channel, "@headgate joined", type="system_join_channel")
        await server.say(ada, channel, "@headgate help")
        await until(lambda: server.posts)
    assert [incoming.text for incoming in talk.told] == ["help"]


async def test_nothing_is_said_where_there_is_no_answer(server: FakeMattermost) -> None:
    ada = server.world.add_user("ada")
    talk = Talk(lambda incoming: Answer("yes") if incoming.text == "second" else None)
    async with running(server, talk):
        await server.say(ada, private(server, ada), "first")
        await server.say(ada, private(server, ada), "second")
        await until(lambda: server.posts)
    assert [post["message"] for post in server.posts] == ["yes"]


async def test_one_failing_answer_does_not_end_the_bot(server: FakeMattermost) -> None:
    ada = server.world.add_user("ada")

    def answer(incoming: Incoming) -> Answer:
        if incoming.text == "break":
            raise RuntimeError("broken")
        return Answer("whole")

    async with running(server, Talk(answer)) as task:
        await server.say(ada, private(server, ada), "break")
        await server.say(ada, private(server, ada), "again")
        await until(lambda: server.posts)
        assert not task.done()


async def test_an_answer_the_server_refuses_does_not_end_the_bot(server: FakeMattermost) -> None:
    ada, talk = server.world.add_user("ada"), Talk()
    channel = server.world.add_channel("hpc", "old", ada, server.world.bot)
    channel.delete_at = 1
    async with running(server, talk):
        await server.say(ada, channel, "@headgate jobs")
        await until(lambda: talk.told)
        await server.say(ada, private(server, ada), "jobs")
        await until(lambda: server.posts)
    assert [post["channel_id"] for post in server.posts] == [private(server, ada).id]


async def test_one_person_cannot_keep_it_busy_for_everybody(server: FakeMattermost) -> None:
    ada, bob = server.world.add_user("ada"), server.world.add_user("bob")
    go = asyncio.Event()

    async def slow(incoming: Incoming) -> Answer:
        if incoming.name == "ada":
            await go.wait()
        return Answer(incoming.text)

    async with running(server, slow):
        for number in range(20):
            await server.say(ada, private(server, ada), str(number))
        await server.say(bob, private(server, bob), "me")
        await until(lambda: server.posts)
        assert [post["message"] for post in server.posts] == ["me"]
        go.set()
        await until(lambda: len(server.posts) == 4)
        async with asyncio.timeout(10):
            while server.posts[-1]["message"] != "last":
                await server.say(ada, private(server, ada), "last")
                await asyncio.sleep(0.02)


async def run_to_its_end(bot: MattermostListener) -> BotError:
    with pytest.raises(BotError) as caught:
        await asyncio.wait_for(bot.run(Talk()), 10)
    return caught.value


async def test_a_refused_token_is_final_and_not_shown(server: FakeMattermost) -> None:
    error = await run_to_its_end(bot_of(server, "a-wrong-token-that-is-secret"))
    assert not error.transient
    assert "a-wrong-token-that-is-secret" not in str(error)


async def test_a_server_that_is_not_there_may_come_back(server: FakeMattermost) -> None:
    bot = bot_of(server)
    await server.stop()
    assert (await run_to_its_end(bot)).transient


async def lost(server: FakeMattermost, break_it: Callable[[], Awaitable[None]]) -> BotError:
    async with running(server, Talk()) as task:
        await break_it()
        await asyncio.wait([task], timeout=10)
        error = task.exception()
    assert isinstance(error, BotError)
    return error


async def test_a_closed_connection_is_said(server: FakeMattermost) -> None:
    error = await lost(server, server.drop)
    assert error.transient
    assert "closed" in error.message


async def test_lost_events_are_noticed(server: FakeMattermost) -> None:
    error = await lost(server, lambda: server.connections[0].push("typing", {}, skip=1))
    assert error.transient
    assert "lost" in error.message


async def test_nonsense_on_the_web_socket_ends_the_connection(server: FakeMattermost) -> None:
    error = await lost(server, lambda: server.connections[0].socket.send_str("{"))
    assert "no JSON" in error.message


async def test_events_of_other_kinds_are_passed_over(server: FakeMattermost) -> None:
    ada, talk = server.world.add_user("ada"), Talk()
    async with running(server, talk):
        await server.connections[0].push("typing", {"user_id": ada.id})
        await server.say(ada, private(server, ada), "jobs")
        await until(lambda: server.posts)
    assert len(talk.told) == 1
