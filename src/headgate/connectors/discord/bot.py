"""Who listens in Discord: discord.py's client, with what is done for each message and each pressed button.

discord.py's gateway is used as it is; of its events only messages and interactions are looked at.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import discord
import structlog

from headgate.bots.chat import Answer, Button, Converse, Incoming
from headgate.bots.commands import Help, read_command
from headgate.connectors.discord.settings import DiscordSettings
from headgate.connectors.discord.speech import NO_PRIVATE, addressed, pressed, said
from headgate.model.text import one_line

_log = structlog.get_logger(__name__)
_AT_ONCE = 64
"""Answers under way; what is said beyond that is not answered."""
_EACH = 3
"""Answers under way for one person."""
_TIME = 120.0
"""Seconds for one answer, waiting for Discord's rate limits included."""
_LABEL = 80
_NAME = 80

# discord.http logs addresses, and those of interactions hold a token; discord.client logs tracebacks.
logging.getLogger("discord").setLevel(logging.ERROR)
logging.getLogger("discord.client").setLevel(logging.CRITICAL)


class DiscordBot(discord.Client):
    """Answers those who speak to it. ``tasks``: what its answers run in; they are its caller's to wait for or end."""

    def __init__(self, settings: DiscordSettings, converse: Converse, tasks: asyncio.TaskGroup) -> None:
        super().__init__(
            intents=intents_of(settings),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=60.0,
            proxy=settings.proxy.get_secret_value() if settings.proxy else None,
        )
        self._bot = settings.bot
        self._converse = converse
        self._tasks = tasks
        self._running: set[asyncio.Task[None]] = set()
        self._busy: Counter[int] = Counter()

    def end_answers(self) -> None:
        """Cancel the answers that are under way."""
        for task in self._running:
            task.cancel()

    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that was said to the bot."""
        if self.user is None or message.author.bot or message.webhook_id is not None or message.is_system():
            return
        private = isinstance(message.channel, discord.DMChannel)
        text = addressed(message.content, bot=self.user.id, trigger=self._bot.trigger, private=private)
        if text is not None:
            self._start(message.author.id, lambda: self._answer_message(message, text, private=private))

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer a pressed button."""
        if interaction.type is not discord.InteractionType.component:
            return
        data: Mapping[str, object] = cast("Mapping[str, object]", interaction.data or {})
        command = pressed(data.get("custom_id"))
        if command is not None:
            self._start(interaction.user.id, lambda: self._answer_press(interaction, command))

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """Log that an event could not be looked at, without what was in it."""
        kind, _, _ = sys.exc_info()
        _log.error("discord.event_failed", bot_event=event_method, error=kind.__name__ if kind else "")

    def _start(self, who: int, answer: Callable[[], Awaitable[None]]) -> None:
        if len(self._running) >= _AT_ONCE or self._busy[who] >= _EACH:
            _log.info("discord.too_much_at_once", running=len(self._running))
            return
        self._busy[who] += 1
        task = self._tasks.create_task(self._safely(answer), name="discord answer")
        self._running.add(task)
        task.add_done_callback(lambda done: self._finished(who, done))

    def _finished(self, who: int, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._busy[who] -= 1
        if not self._busy[who]:
            del self._busy[who]

    async def _safely(self, answer: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(_TIME):
                await answer()
        except Exception as error:  # noqa: BLE001 - one person's message must not end the bot for all
            code = error.code if isinstance(error, discord.HTTPException) else None
            _log.warning("discord.answer_failed", error=type(error).__name__, code=code)

    async def _answer_message(self, message: discord.Message, text: str, *, private: bool) -> None:
        if private:
            await self._answer(self._incoming(message.author, message.channel.id, text, private=True), message.channel)
        elif isinstance(read_command(text), Help):
            await self._help_in_private(message, text)
        else:
            incoming = self._incoming(message.author, message.channel.id, text, private=False)
            await self._answer(incoming, message.channel, author=message.author)

    async def _help_in_private(self, message: discord.Message, text: str) -> None:
        """Tell somebody in a channel how to get messages: in private, and with the private channel's id."""
        try:
            channel = await message.author.create_dm()
            await self._answer(self._incoming(message.author, channel.id, text, private=True), channel)
        except discord.Forbidden:
            await message.channel.send(NO_PRIVATE)

    async def _answer(
        self,
        incoming: Incoming,
        channel: discord.abc.Messageable,
        *,
        author: discord.User | discord.Member | None = None,
    ) -> None:
        """Answer in the channel; or in private to ``author``, where the answer is for them alone."""
        answer = await self._converse(incoming)
        if answer is None:
            return
        if author is None or not answer.discreet:
            await self._say(channel, answer)
            return
        try:
            await self._say(await author.create_dm(), answer)
        except discord.Forbidden:
            await channel.send(NO_PRIVATE)

    async def _say(self, channel: discord.abc.Messageable, answer: Answer) -> None:
        view = self._view(answer)
        if view is None:
            await channel.send(said(answer), suppress_embeds=True)
        else:
            await channel.send(said(answer), suppress_embeds=True, view=view)

    async def _answer_press(self, interaction: discord.Interaction, command: str) -> None:
        """Answer where only the one who pressed reads it; Discord has to hear of us within three seconds."""
        alone = interaction.guild_id is None and isinstance(interaction.channel, discord.DMChannel)
        await interaction.response.defer(ephemeral=not alone, thinking=True)
        incoming = Incoming(
            identity=str(interaction.user.id),
            name=one_line(interaction.user.display_name, _NAME),
            place=str(interaction.channel_id or ""),
            private=True,
            text=command,
            pressed=True,
        )
        answer = await self._converse(incoming)
        if answer is None:
            await interaction.delete_original_response()
            return
        view = self._view(answer)
        if view is None:
            await interaction.followup.send(said(answer), ephemeral=not alone, suppress_embeds=True)
        else:
            await interaction.followup.send(said(answer), ephemeral=not alone, suppress_embeds=True, view=view)

    def _incoming(self, author: discord.User | discord.Member, place: int, text: str, *, private: bool) -> Incoming:
        name = one_line(author.display_name, _NAME)
        return Incoming(identity=str(author.id), name=name, place=str(place), private=private, text=text)

    def _view(self, answer: Answer) -> discord.ui.View | None:
        return view_of(answer.buttons) if self._bot.buttons and answer.buttons else None


def intents_of(settings: DiscordSettings) -> discord.Intents:
    """Return what Discord has to tell us: the servers' channels and the messages; their content only where allowed."""
    intents = discord.Intents.none()
    intents.guilds = True
    intents.guild_messages = True
    intents.dm_messages = True
    intents.message_content = settings.message_content
    return intents


def view_of(buttons: tuple[Button, ...]) -> discord.ui.View:
    """Return buttons that discord.py does not keep: a press is told by its ``custom_id``, also after a restart."""
    view = discord.ui.View(timeout=None)
    for button in {button.command: button for button in buttons}.values():
        style = discord.ButtonStyle.danger if button.danger else discord.ButtonStyle.secondary
        view.add_item(discord.ui.Button(style=style, label=button.label[:_LABEL], custom_id=button.command))
    view.stop()
    return view
