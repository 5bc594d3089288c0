"""Conversations under way: many people at once, each in order, and never more than a bounded number."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from typing import Any
from weakref import WeakValueDictionary

import structlog

from headgate.bots.chat import Answer, Converse
from headgate.connectors.telegram.answers import Answered, Refusal, Taken
from headgate.connectors.telegram.api import BotApi
from headgate.connectors.telegram.incoming import Addressed, Myself
from headgate.connectors.telegram.replies import in_private_only, reply_of
from headgate.connectors.telegram.targets import Target
from headgate.connectors.web_client import FAILURES

_log = structlog.get_logger(__name__)
_MOST = 32
"""Answers under way."""
_MOST_OF_ONE = 5
"""Answers one person waits for; what is said beyond is not heard."""
_TIME = 60.0
"""Seconds an answer may take."""
_PATIENCE = 20.0
"""Seconds an answer is held back when Telegram asks to slow down; if it asks for more, it is not given."""


class Conversations:
    """Answers what was said to one bot; its tasks run in the given group, and none of them ever fails it."""

    def __init__(self, name: str, api: BotApi, me: Myself, converse: Converse, group: asyncio.TaskGroup) -> None:
        self._name = name
        self._api = api
        self._me = me
        self._converse = converse
        self._group = group
        self._room = asyncio.Semaphore(_MOST)
        self._running: dict[int, asyncio.Task[None]] = {}
        self._waiting: Counter[str] = Counter()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def begin(self, update: int, said: Addressed) -> None:
        """Begin to answer; wait first while too many answers are under way."""
        person = said.said.identity
        if self._waiting[person] >= _MOST_OF_ONE:
            _log.warning("telegram.too_much_said", connector=self._name, person=person)
            return
        await self._room.acquire()
        self._waiting[person] += 1
        task = self._group.create_task(self._answer(said), name=f"telegram answer {update}")
        self._running[update] = task
        task.add_done_callback(functools.partial(self._ended, update, person))

    async def settle(self, seconds: float) -> None:
        """Wait for the answers under way, but not longer than this."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=seconds)

    def first_unanswered(self, following: int | None) -> int | None:
        """Return the number of the first update that is not answered yet: of one under way, else of the next one."""
        return min(self._running, default=following)

    def _ended(self, update: int, person: str, _task: asyncio.Task[None]) -> None:
        self._running.pop(update, None)
        self._waiting[person] -= 1
        if not self._waiting[person]:
            del self._waiting[person]
        self._room.release()

    async def _answer(self, said: Addressed) -> None:
        turn = self._turns.setdefault(said.said.identity, asyncio.Lock())
        try:
            async with turn, asyncio.timeout(_TIME):
                if said.query:
                    await self._api.call("answerCallbackQuery", {"callback_query_id": said.query})
                answer = await self._converse(said.said)
                if answer is not None:
                    await self._give(said, answer)
        except FAILURES as error:
            _log.warning("telegram.answer_lost", connector=self._name, error=self._api.hide(type(error).__name__))
        except Exception as error:  # noqa: BLE001 - the edge of a task: one answer that fails must not end the bot
            _log.error("telegram.answer_failed", connector=self._name, kind=type(error).__name__)

    async def _give(self, said: Addressed, answer: Answer) -> None:
        if not answer.discreet or said.said.private:
            await self._send(reply_of(said.target, answer, reply_to=said.reply_to))
            return
        answered = await self._send(reply_of(Target(int(said.said.identity)), answer))
        if not isinstance(answered, Taken):
            # People who never wrote to the bot, or who blocked it, cannot be written to.
            await self._send(in_private_only(said.target, self._me.username, reply_to=said.reply_to))

    async def _send(self, body: dict[str, Any]) -> Answered:
        answered = await self._api.send_message(body)
        if isinstance(answered, Refusal) and answered.code == 429 and (answered.retry_after or 0.0) <= _PATIENCE:  # noqa: PLR2004
            await asyncio.sleep(answered.retry_after or 1.0)
            answered = await self._api.send_message(body)
        if isinstance(answered, Refusal):
            said = self._api.hide(answered.description)
            _log.warning("telegram.answer_refused", connector=self._name, code=answered.code, said=said)
        return answered
