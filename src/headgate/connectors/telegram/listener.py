"""The bot: asks Telegram for what was said to it, and answers.

``getUpdates`` with long polling (https://core.telegram.org/bots/api#getupdates). Asking for the next updates tells
Telegram to forget the ones before; what was answered is kept in the bot's memory besides, so that nothing is done twice
when the service dies between the two.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from headgate.bots.chat import Converse, Memory
from headgate.connectors.telegram.answers import Answered, Refusal, Taken
from headgate.connectors.telegram.api import BotApi
from headgate.connectors.telegram.conversations import Conversations
from headgate.connectors.telegram.incoming import Myself, addressed
from headgate.connectors.telegram.settings import TelegramSettings
from headgate.connectors.telegram.updates import ALLOWED, Update, User, read_updates
from headgate.connectors.web_client import FAILURES
from headgate.errors import BotError

_log = structlog.get_logger(__name__)
_HOLD = 50
"""Seconds Telegram holds ``getUpdates`` back while nothing is said."""
_AT_ONCE = 50
"""Updates asked for at a time: of the longest texts, they still fit into an answer that is read whole."""
_GRACE = 5.0
"""Seconds the next question waits for the answers to the last updates."""
_LONGEST_PAUSE = 60.0
_RECENT = 10_000
"""Updates before the last one that count as answered; Telegram may begin anew with any number after a quiet week."""


class TelegramListener:
    """Listens as the bot of one connector. Raises ConnectorError when made with settings that cannot be used."""

    def __init__(self, name: str, settings: TelegramSettings, memory: Memory) -> None:
        self.name = name
        self._settings = settings
        self._memory = memory

    async def run(self, converse: Converse) -> None:
        """Answer whoever speaks to the bot, until cancelled. Raises BotError as ``Listener.run`` says."""
        api = BotApi(self._settings)
        lost: BotError | None = None
        try:
            me = await _who_am_i(api)
            _log.info("telegram.listening", connector=self.name, bot=me.username)
            async with asyncio.TaskGroup() as group:
                try:
                    await self._listen(api, me, Conversations(self.name, api, me, converse, group))
                except BotError as error:
                    lost = error
            if lost is not None:
                raise lost
        finally:
            await api.aclose()

    async def _listen(self, api: BotApi, me: Myself, conversations: Conversations) -> None:
        kept = await self._memory.recall()
        answered = int(kept) if kept is not None and kept.isascii() and kept.isdigit() else None
        following: int | None = None
        while True:
            for update in await _updates(api, following):
                following = max(following or 0, update.update_id + 1)
                if answered is not None and answered - _RECENT <= update.update_id < answered:
                    continue
                said = addressed(update, me, self._settings.bot.trigger)
                if said is not None:
                    await conversations.begin(update.update_id, said)
            await conversations.settle(_GRACE)
            done = conversations.first_unanswered(following)
            if done is not None and str(done) != kept:
                kept = str(done)
                await self._memory.keep(kept)


async def _who_am_i(api: BotApi) -> Myself:
    result = await _asked(api, "getMe", {})
    try:
        user = User.model_validate(result)
    except ValueError:
        raise BotError("Telegram says nothing of the bot that can be read") from None
    return Myself(user.id, user.username)


async def _updates(api: BotApi, following: int | None) -> list[Update]:
    parameters: dict[str, Any] = {"timeout": _HOLD, "limit": _AT_ONCE, "allowed_updates": list(ALLOWED)}
    if following is not None:
        parameters["offset"] = following
    updates = read_updates(await _asked(api, "getUpdates", parameters, wait=_HOLD))
    if updates is None:
        raise BotError("Telegram answers getUpdates with what is no list")
    return updates


async def _asked(api: BotApi, method: str, parameters: dict[str, Any], *, wait: float = 0.0) -> object:
    """Call a method and return its result; wait as long as the flood control asks. Raises BotError."""
    while True:
        try:
            answered = await api.call(method, parameters, wait=wait)
        except FAILURES as error:
            raise BotError(api.hide(f"{method}: {type(error).__name__} {error}")) from None
        if isinstance(answered, Taken):
            return answered.result
        if not isinstance(answered, Refusal) or answered.code != 429:  # noqa: PLR2004
            raise _loss(method, answered, api)
        await asyncio.sleep(min(answered.retry_after or 1.0, _LONGEST_PAUSE))


def _loss(method: str, answered: Answered, api: BotApi) -> BotError:
    """Say why the bot cannot listen."""
    if not isinstance(answered, Refusal):
        return BotError(api.hide(f"{method}: what answers is no Bot API: {answered}"))
    said = api.hide(answered.description)
    if answered.code in (401, 404):
        return BotError(f"Telegram does not accept the bot's token: {said}", transient=False)
    if answered.code == 409:  # noqa: PLR2004
        if "webhook" in said.lower():
            return BotError(f"the bot has a webhook, so another program gets what is said to it: {said}")
        return BotError(f"another program listens with this bot's token; only one can: {said}")
    return BotError(f"{method}: {answered.code} {said}")
