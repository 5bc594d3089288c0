"""The bot's connection to Discord, from beginning to end: made once, and every end of it said as a BotError."""

from __future__ import annotations

import asyncio

import aiohttp
import discord

from headgate.bots.chat import Converse, Memory
from headgate.connectors.discord.bot import DiscordBot
from headgate.connectors.discord.settings import DiscordSettings
from headgate.connectors.redaction import Redaction
from headgate.errors import BotError

_LOGIN = 120.0
"""Seconds for logging in, discord.py's own tries included."""
_TOKEN_REFUSED = "Discord refuses the bot's token"  # noqa: S105 (no password)
_REFUSED = {
    4004: _TOKEN_REFUSED,
    4010: "Discord refuses the bot's shard",
    4011: "the bot is in so many servers that Discord asks for sharding",
    4012: "Discord does not know the gateway's version any more",
    4013: "Discord refuses the bot's intents",
    4014: "message_content is set, but the Message Content intent is not switched on in the developer portal",
}
"""Close codes after which a new connection would fare no better:
https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes."""


class DiscordListener:
    """Listens in Discord as a bot."""

    def __init__(self, settings: DiscordSettings) -> None:
        self._settings = settings
        proxy = settings.proxy.get_secret_value() if settings.proxy else ""
        self._hide = Redaction([settings.token.get_secret_value(), proxy])

    async def run(self, converse: Converse) -> None:
        """Connect and answer until cancelled. Raises BotError when Discord is lost, or refuses the bot.

        A connection that Discord lets us resume is resumed by discord.py and is no loss.
        """
        async with asyncio.TaskGroup() as tasks:
            bot = DiscordBot(self._settings, converse, tasks)
            try:
                lost = await self._serve(bot)
            finally:
                bot.end_answers()
        raise lost

    async def _serve(self, bot: DiscordBot) -> BotError:
        try:
            async with bot:
                async with asyncio.timeout(_LOGIN):
                    await bot.login(self._settings.token.get_secret_value())
                await bot.connect(reconnect=False)
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            return self._loss(error)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            # discord.py trusts the form of Discord's answers; their text may hold anything.
            return BotError(f"Discord's answer cannot be read ({type(error).__name__})", transient=True)
        return BotError("Discord closed the connection", transient=True)

    def _loss(self, error: Exception) -> BotError:
        """Say how the connection ended, and whether a new one may fare better."""
        match error:
            case discord.LoginFailure():
                return BotError(_TOKEN_REFUSED, transient=False)
            case discord.ConnectionClosed(code=code):
                refused = _REFUSED.get(code)
                return BotError(refused or f"Discord closed the connection ({code})", transient=refused is None)
            case discord.HTTPException(status=status, code=code):
                return BotError(f"Discord answers HTTP {status} ({code})", transient=True)
            case _:
                return BotError(self._hide(f"Discord is lost: {type(error).__name__} {error}"), transient=True)


def listen(_name: str, settings: DiscordSettings, _memory: Memory) -> DiscordListener:
    """Return the bot of a connector. There is no place to remember: what was said while it was away is not told."""
    return DiscordListener(settings)
