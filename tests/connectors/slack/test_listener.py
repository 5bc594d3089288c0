from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from headgate.bots.chat import Answer, Button, Incoming, Listener
from headgate.connectors.slack.kind import KIND
from headgate.connectors.slack.settings import SlackSettings
from headgate.errors import BotError
from headgate.testing.slack.server import FakeSlack
from headgate.testing.slack.workspace import APP_TOKEN, BOT_TOKEN, BOT_USER

MENTION = f"<@{BOT_USER}>"


class NoMemory:
    async def recall(self) -> str | None:
        return None

    async def keep(self, value: str) -> None:
        raise AssertionError(value)


class Talk:
    """Answers with what it was told, and keeps it."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []
        self.answer: Callable[[Incoming], Awaitable[Answer | None]] | None = None

    async def __call__(self, incoming: Incoming) -> Answer | None:
        self.heard.append(incoming)
        return await self.answer(incoming) if self.answer else Answer(f"You said {incoming.text}.")


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        yield slack


@pytest.fixture
def talk() -> Talk:
    return Talk()


def listener(slack: FakeSlack, *, token: str = BOT_TOKEN, app_token: str = APP_TOKEN) -> Listener:
    bot = {"enabled": True, "app_token": app_token}
    settings = SlackSettings.model_validate({"token": token, "base_url": slack.base_url, "bot": bot, "timeout": 5})
    assert KIND.listen
    return KIND.listen("slack", settings, NoMemory())


@asynccontextmanager
async def listening(slack: FakeSlack, talk: Talk) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(listener(slack).run(talk))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert slack.mistakes == []


async def test_what_is_written_to_the_app_is_acknowledged_and_answered(slack: FakeSlack, talk: Talk) -> None:
    async with listening(slack, talk):
        envelope = await slack.say("U0ADA", "jobs")
        post = await slack.posted(1)
    assert slack.acknowledged == [envelope]
    assert (post.channel, post.seen_by) == ("D0ADA", "")
    assert post.arguments["text"] == "You said jobs."
    assert talk.heard == [Incoming("U0ADA", "U0ADA", "U0ADA", private=True, text="jobs")]


async def test_an_envelope_is_acknowledged_before_the_answer_is_made(slack: FakeSlack, talk: Talk) -> None:
    go = asyncio.Event()

    async def wait(_: Incoming) -> Answer:
        await go.wait()
        return Answer("At last.")

    talk.answer = wait
    async with listening(slack, talk):
        await slack.say("U0ADA", "jobs")
        assert slack.workspace.posts == []
        go.set()
        assert (await slack.posted(1)).arguments["text"] == "At last."


async def test_a_mention_in_a_channel_is_answered_there_and_in_its_thread(slack: FakeSlack, talk: Talk) -> None:
    async with listening(slack, talk):
        await slack.say("U0ADA", f"{MENTION} help", channel="C0GENERAL", thread_ts="1795000000.000009")
        post = await slack.posted(1)
    assert (post.channel, post.arguments["thread_ts"]) == ("C0GENERAL", "1795000000.000009")
    assert not talk.heard[0].private


async def test_what_is_said_to_others_is_acknowledged_and_nothing_more(slack: FakeSlack, talk: Talk) -> None:
    async with listening(slack, talk):
        await slack.say("U0ADA", "cancel 17", channel="C0GENERAL", type="message", channel_type="channel")
        await slack.say("U0ADA", "hello", bot_id="B0OTHER")
        await slack.push("slash_commands", {"command": "/slurm", "text": "jobs"})
        await slack.say("U0BOB", "jobs")
        await slack.posted(1)
    assert len(slack.acknowledged) == 4
    assert [each.identity for each in talk.heard] == ["U0BOB"]


async def test_a_discreet_answer_in_a_channel_is_seen_by_its_person_alone(slack: FakeSlack, talk: Talk) -> None:
    async def secret(_: Incoming) -> Answer:
        return Answer("For you.", discreet=True)

    talk.answer = secret
    async with listening(slack, talk):
        await slack.say("U0ADA", f"{MENTION} jobs", channel="C0GENERAL")
        post = await slack.posted(1)
        await slack.say("U0ADA", "jobs")
        private = await slack.posted(2)
    assert (post.channel, post.seen_by) == ("C0GENERAL", "U0ADA")
    assert (private.channel, private.seen_by) == ("D0ADA", "")


async def test_a_discreet_answer_that_cannot_be_whispered_is_not_said_at_all(slack: FakeSlack, talk: Talk) -> None:
    async def secret(incoming: Incoming) -> Answer:
        return Answer("For you.", discreet=incoming.identity == "U0EVE")

    talk.answer = secret
    async with listening(slack, talk):
        await slack.say("U0EVE", f"{MENTION} jobs", channel="C0GENERAL")
        await slack.until(lambda: "chat.postEphemeral" in slack.workspace.calls)
        await slack.say("U0ADA", f"{MENTION} jobs", channel="C0GENERAL")
        await slack.posted(1)
    assert slack.workspace.calls.count("chat.postMessage") == len(slack.workspace.posts) == 1


async def test_a_pressed_button_says_its_command_and_an_answer_has_buttons(slack: FakeSlack, talk: Talk) -> None:
    async def ask(incoming: Incoming) -> Answer:
        return Answer("Sure?", buttons=(Button("Yes", f"{incoming.text} yes", danger=True),))

    talk.answer = ask
    async with listening(slack, talk):
        await slack.press("U0ADA", "cancel 17", channel="D0ADA")
        post = await slack.posted(1)
    assert talk.heard == [Incoming("U0ADA", "u0ada", "U0ADA", private=True, text="cancel 17", pressed=True)]
    button = post.arguments["blocks"][-1]["elements"][0]
    assert (button["value"], button["style"]) == ("cancel 17 yes", "danger")


async def test_what_slack_tells_twice_is_answered_once(slack: FakeSlack, talk: Talk) -> None:
    event = {"type": "message", "user": "U0ADA", "channel": "D0ADA", "channel_type": "im", "ts": "1.1", "text": "jobs"}
    async with listening(slack, talk):
        for retry in range(3):
            await slack.push("events_api", {"event": event, "event_id": "Ev1"}, envelope=f"again-{retry}")
        await slack.say("U0BOB", "help")
        await slack.posted(2)
    assert len(slack.acknowledged) == 4
    assert sorted(each.identity for each in talk.heard) == ["U0ADA", "U0BOB"]


async def test_a_new_connection_is_open_before_the_old_one_ends_and_both_are_heard(
    slack: FakeSlack, talk: Talk
) -> None:
    async with listening(slack, talk) as task:
        await slack.say("U0ADA", "one")
        await slack.announce_disconnect("refresh_requested")
        await slack.until(lambda: slack.opened == 2)
        ts = {"type": "message", "user": "U0ADA", "channel": "D0ADA", "channel_type": "im", "text": "two"}
        await slack.push("events_api", {"event": {**ts, "ts": "2.2"}}, oldest=True)
        await slack.drop(oldest=True)
        await slack.say("U0ADA", "three")
        await slack.posted(3)
        assert not task.done()
    assert sorted(each.text for each in talk.heard) == ["one", "three", "two"]


async def test_a_connection_lost_without_notice_is_a_passing_error(slack: FakeSlack, talk: Talk) -> None:
    task = asyncio.create_task(listener(slack).run(talk))
    await slack.say("U0ADA", "jobs")
    await slack.drop()
    with pytest.raises(BotError) as caught:
        await task
    assert caught.value.transient


async def test_socket_mode_switched_off_is_an_error_for_good(slack: FakeSlack, talk: Talk) -> None:
    task = asyncio.create_task(listener(slack).run(talk))
    await slack.announce_disconnect("link_disabled")
    with pytest.raises(BotError, match="switched off") as caught:
        await task
    assert not caught.value.transient


@pytest.mark.parametrize(
    ("token", "app_token"),
    [("xoxb-9-9-somebodyelse", APP_TOKEN), (BOT_TOKEN, "xapp-9-9-somebodyelse")],
    ids=["bot token", "app token"],
)
async def test_a_refused_token_is_an_error_for_good_and_is_not_shown(
    slack: FakeSlack, talk: Talk, token: str, app_token: str
) -> None:
    with pytest.raises(BotError, match="invalid_auth") as caught:
        await listener(slack, token=token, app_token=app_token).run(talk)
    assert not caught.value.transient
    assert "somebodyelse" not in str(caught.value)


async def test_a_service_that_is_not_there_is_a_passing_error(talk: Talk) -> None:
    async with FakeSlack() as slack:
        gone = listener(slack)
    with pytest.raises(BotError) as caught:
        await gone.run(talk)
    assert caught.value.transient


async def test_frames_that_are_no_envelopes_do_no_harm(slack: FakeSlack, talk: Talk) -> None:
    async with listening(slack, talk):
        for frame in ("", "x", "[]", '{"type": 5}', '{"type": "events_api"}', "[" * 50_000):
            await slack.send_raw(frame)
        await slack.say("U0ADA", "jobs")
        await slack.posted(1)


async def test_an_answer_that_fails_ends_nothing(slack: FakeSlack, talk: Talk) -> None:
    async def fail(incoming: Incoming) -> Answer:
        if incoming.text == "fail":
            raise ZeroDivisionError(incoming.text)
        return Answer("Fine.")

    talk.answer = fail
    async with listening(slack, talk):
        await slack.say("U0ADA", "fail")
        await slack.say("U0ADA", "jobs")
        assert (await slack.posted(1)).arguments["text"] == "Fine."


async def test_an_answer_that_is_too_early_is_said_when_slack_allows_it(slack: FakeSlack, talk: Talk) -> None:
    slack.workspace.slow_down(0)
    async with listening(slack, talk):
        await slack.say("U0ADA", "jobs")
        assert (await slack.posted(1)).arguments["text"] == "You said jobs."


async def test_one_person_cannot_keep_the_bot_from_the_others(slack: FakeSlack, talk: Talk) -> None:
    never = asyncio.Event()

    async def wait(incoming: Incoming) -> Answer:
        if incoming.identity == "U0ADA":
            await never.wait()
        return Answer("Here.")

    talk.answer = wait
    async with listening(slack, talk):
        for number in range(20):
            await slack.say("U0ADA", f"job {number + 1}")
        await slack.say("U0BOB", "jobs")
        assert (await slack.posted(1)).channel == "D0BOB"
    assert [each.identity for each in talk.heard].count("U0ADA") == 3
