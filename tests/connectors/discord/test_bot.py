"""The bot, as people in a simulated Discord (simcord) meet it: discord.py's own code over an in-memory Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import simcord

from headgate.bots.chat import Answer, Button, Incoming
from headgate.connectors.discord.bot import DiscordBot, intents_of
from headgate.connectors.discord.settings import DiscordSettings
from headgate.connectors.discord.speech import NO_PRIVATE
from headgate.testing.discord.markup import marks, plain
from headgate.testing.discord.server import TOKEN


class Conversation:
    """Keeps what was said, and answers what a test has told it to."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []
        self.answer: Answer | None = Answer("Here you are.")
        self.error: Exception | None = None
        self.hook: Callable[[], None] = lambda: None

    async def __call__(self, incoming: Incoming) -> Answer | None:
        self.heard.append(incoming)
        self.hook()
        if self.error is not None:
            raise self.error
        return self.answer


@dataclass
class Scene:
    """A server with a channel, Ada in it, and the bot."""

    env: simcord.Env
    bot: DiscordBot
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    ada: simcord.MemberActor

    @property
    def mention(self) -> str:
        assert self.bot.user is not None
        return self.bot.user.mention

    @property
    def private(self) -> simcord.ChannelHandle:
        return self.ada.user.dm_channel


@asynccontextmanager
async def scene(conversation: Conversation, **changes: object) -> AsyncIterator[Scene]:
    settings = DiscordSettings.model_validate({"token": TOKEN} | changes)
    async with asyncio.TaskGroup() as tasks:
        bot = DiscordBot(settings, conversation, tasks)
        async with simcord.run(bot) as env:
            guild = env.create_guild()
            channel = guild.create_text_channel("general")
            ada = guild.add_member(env.create_user("ada"))
            yield Scene(env, bot, guild, channel, ada)
        bot.end_answers()


@pytest.fixture
def conversation() -> Conversation:
    return Conversation()


async def test_what_is_said_in_private_is_answered_there(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        await met.ada.send_dm("jobs")
        (heard,) = conversation.heard
        assert heard == Incoming(str(met.ada.id), "ada", str(met.private.id), private=True, text="jobs")
        assert met.private.last_message is not None
        assert met.private.last_message.content == "Here you are."


async def test_the_trigger_is_taken_off_in_private(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        await met.ada.send_dm("ShowMeSlurm  job 17")
        await met.ada.send_dm("showmeslurm")
        assert [heard.text for heard in conversation.heard] == ["job 17", ""]


async def test_a_mention_is_answered_in_the_channel(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        await met.ada.send(met.channel, f"{met.mention} jobs")
        (heard,) = conversation.heard
        assert heard == Incoming(str(met.ada.id), "ada", str(met.channel.id), private=False, text="jobs")
        assert met.channel.last_message is not None
        assert met.channel.last_message.content == "Here you are."


@pytest.mark.parametrize(
    "text", ["jobs", "showmeslurm", "hello", "@everyone jobs", "@here", "cancel 17", "<@1050000000000000009> jobs"]
)
async def test_what_others_say_in_a_channel_is_not_heard(conversation: Conversation, text: str) -> None:
    async with scene(conversation) as met:
        await met.ada.send(met.channel, text)
        assert not conversation.heard
        assert len(met.channel.history()) == 1


async def test_a_reply_to_the_bot_is_not_heard(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        await met.ada.send(met.channel, f"{met.mention} jobs")
        answered = met.channel.last_message
        assert answered is not None
        await met.ada.send(met.channel, "thanks", reply_to=answered)
        assert len(conversation.heard) == 1


async def test_with_the_message_content_intent_the_trigger_works_in_channels(conversation: Conversation) -> None:
    async with scene(conversation, message_content=True) as met:
        await met.ada.send(met.channel, "showmeslurm jobs")
        await met.ada.send(met.channel, "showmeslurmjobs")
        await met.ada.send(met.channel, "say showmeslurm")
    assert [heard.text for heard in conversation.heard] == ["jobs"]


async def test_other_bots_and_the_bot_itself_are_not_heard(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        robot = met.guild.add_member(met.env.create_user("robot", bot=True))
        await robot.send(met.channel, f"{met.mention} jobs")
        assert not conversation.heard


async def test_how_to_get_messages_is_told_in_private_with_the_private_channels_id(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        conversation.answer = Answer("Submit it with the line below.", code="--mail-user=discord:1")
        await met.ada.send(met.channel, f"{met.mention} help")
        (heard,) = conversation.heard
        assert heard.private
        assert heard.place == str(met.private.id)
        assert len(met.channel.history()) == 1
        assert met.private.last_message is not None
        assert met.private.last_message.content == "Submit it with the line below.\n```\n--mail-user=discord:1\n```"


async def test_somebody_who_takes_no_private_messages_is_told_so_in_the_channel(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        conversation.answer = Answer("--mail-user=discord:1")
        met.env.inject_error("POST", f"/channels/{met.private.id}/messages", status=403, code=50007)
        await met.ada.send(met.channel, f"{met.mention}")
        assert met.channel.last_message is not None
        assert met.channel.last_message.content == NO_PRIVATE


async def test_a_discreet_answer_is_given_in_private(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        conversation.answer = Answer("Only for you.", discreet=True)
        await met.ada.send(met.channel, f"{met.mention} link ABC-DEF")
        assert not conversation.heard[0].private
        assert len(met.channel.history()) == 1
        assert met.private.last_message is not None
        assert met.private.last_message.content == "Only for you."


async def test_a_discreet_answer_that_cannot_be_given_is_not_given(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        conversation.answer = Answer("Only for you.", discreet=True)
        met.env.inject_error("POST", f"/channels/{met.private.id}/messages", status=403, code=50007)
        await met.ada.send(met.channel, f"{met.mention} link ABC-DEF")
        told = [message.content for message in met.channel.history()]
        assert NO_PRIVATE in told
        assert "Only for you." not in told


async def test_where_there_is_nothing_to_say_nothing_is_said(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        conversation.answer = None
        await met.ada.send(met.channel, f"{met.mention} jobs")
        assert len(met.channel.history()) == 1


async def test_an_answer_mentions_nobody_and_holds_no_markup(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        conversation.answer = Answer(f"@everyone <@{met.ada.id}> **x** https://example.org/", code="```@here")
        await met.ada.send_dm("jobs")
        told = met.private.last_message
        assert told is not None
        assert [mark.kind for mark in marks(told.content)] == ["code block"]
        assert not told.mention_everyone
        assert not told.mentions
        assert told.flags.suppress_embeds
        assert "@\u200beveryone" in plain(told.content)


async def test_a_button_under_a_private_answer_says_its_command(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        conversation.answer = Answer("Sure?", buttons=(Button("Cancel it", "cancel 17 yes abc", danger=True),))
        await met.ada.send_dm("cancel 17")
        asked = met.private.last_message
        assert asked is not None
        conversation.answer = Answer("Cancelled.")
        result = await met.ada.user.click(asked, label="Cancel it")
        assert result.acknowledged
        assert not result.ephemeral
        heard = conversation.heard[-1]
        assert (heard.text, heard.pressed, heard.private) == ("cancel 17 yes abc", True, True)
        assert heard.place == str(met.private.id)
        assert met.private.last_message is not None
        assert met.private.last_message.content == "Cancelled."


async def test_a_button_in_a_channel_is_answered_to_the_one_who_pressed_it(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        conversation.answer = Answer("Here.", buttons=(Button("Show output", "output 17"),))
        await met.ada.send(met.channel, f"{met.mention} jobs")
        shown = met.channel.last_message
        assert shown is not None
        bob = met.guild.add_member(met.env.create_user("bob"))
        conversation.answer = Answer("Bob's answer.")
        result = await bob.click(shown, custom_id="output 17")
        assert result.ephemeral
        assert conversation.heard[-1].identity == str(bob.id)
        assert "Bob's answer." not in [message.content for message in met.channel.history(viewer=met.ada)]
        assert result.response is not None
        assert result.response.content == "Bob's answer."


async def test_a_press_is_acknowledged_before_it_is_answered(conversation: Conversation) -> None:
    conversation.answer = Answer("Here.", buttons=(Button("Show output", "output 17"),))
    async with scene(conversation) as met:
        await met.ada.send(met.channel, f"{met.mention} jobs")
        shown = met.channel.last_message
        assert shown is not None
        acknowledged: list[object] = []
        conversation.hook = lambda: acknowledged.extend(
            request.json for request in met.env.http_requests if request.path.endswith("/callback")
        )
        await met.ada.click(shown, custom_id="output 17")
        assert acknowledged == [{"type": 5, "data": {"flags": 64}}]


async def test_a_press_that_is_not_answered_leaves_nothing(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        conversation.answer = Answer("Here.", buttons=(Button("Show output", "output 17"),))
        await met.ada.send(met.channel, f"{met.mention} jobs")
        shown = met.channel.last_message
        assert shown is not None
        conversation.answer = None
        result = await met.ada.click(shown, custom_id="output 17")
        assert result.acknowledged
        assert len(met.channel.history()) == 2


async def test_buttons_can_be_switched_off(conversation: Conversation) -> None:
    conversation.answer = Answer("Here.", buttons=(Button("Show output", "output 17"),))
    async with scene(conversation, bot={"buttons": False}) as met:
        await met.ada.send_dm("jobs")
        assert met.private.last_message is not None
        assert not met.private.last_message.components


async def test_one_answer_that_fails_ends_nothing(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        conversation.error = ValueError("the text of a job")
        await met.ada.send_dm("jobs")
        conversation.error = None
        await met.ada.send_dm("jobs")
        assert len(conversation.heard) == 2
        assert met.private.last_message is not None
        assert met.private.last_message.content == "Here you are."


async def test_a_channel_that_the_bot_may_not_write_to_ends_nothing(conversation: Conversation) -> None:
    async with scene(conversation) as met:
        met.env.inject_error("POST", f"/channels/{met.channel.id}/messages", status=403, code=50013)
        await met.ada.send(met.channel, f"{met.mention} jobs")
        await met.ada.send_dm("jobs")
        assert len(conversation.heard) == 2


async def test_only_a_few_answers_for_one_person_are_under_way() -> None:
    waiting = asyncio.Event()

    class Slow(Conversation):
        async def __call__(self, incoming: Incoming) -> Answer | None:
            self.heard.append(incoming)
            await waiting.wait()
            return None

    slow = Slow()
    async with asyncio.TaskGroup() as tasks:
        bot = DiscordBot(DiscordSettings.model_validate({"token": TOKEN}), slow, tasks)

        async def answer() -> None:
            await slow(Incoming("1", "ada", "1", private=True, text="jobs"))

        for who in (1, 1, 1, 1, 1, 2):
            bot._start(who, answer)
        await asyncio.sleep(0)
        assert len(slow.heard) == 4
        waiting.set()
        await asyncio.sleep(0.01)
        bot._start(1, answer)
        await asyncio.sleep(0)
        assert len(slow.heard) == 5


def test_the_bot_asks_for_the_content_of_messages_only_if_it_may() -> None:
    without = intents_of(DiscordSettings.model_validate({"token": TOKEN}))
    assert not without.message_content
    assert not without.members
    assert not without.presences
    assert without.guild_messages
    assert without.dm_messages
    assert intents_of(DiscordSettings.model_validate({"token": TOKEN, "message_content": True})).message_content
