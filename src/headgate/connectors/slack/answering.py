"""Makes a bot's answers, several at a time, and says them."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Self

import structlog

from headgate.bots.chat import Answer, Converse
from headgate.connectors.slack.client import SlackClient
from headgate.connectors.slack.events import Heard
from headgate.connectors.slack.speech import said
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, TryAgain

_log = structlog.get_logger(__name__)
_AT_ONCE = 64
"""Answers being made at the same time; what is heard beyond that is not answered."""
_PER_PERSON = 3
_LONGEST_WAIT = 10.0
"""Seconds of a rate limit that an answer waits for."""


class Answering:
    """Answers in tasks of its own; use it as an async context manager, which ends them."""

    def __init__(self, name: str, client: SlackClient, converse: Converse) -> None:
        self._name = name
        self._client = client
        self._converse = converse
        self._tasks: set[asyncio.Task[None]] = set()
        self._talking: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End every answer that is being made."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def begin(self, heard: Heard) -> None:
        """Answer in a task, unless this person, or everybody together, asks too much at once."""
        person = heard.incoming.identity
        if len(self._tasks) >= _AT_ONCE or self._talking[person] >= _PER_PERSON:
            _log.warning("slack.too_much_at_once", connector=self._name, person=person)
            return
        self._talking[person] += 1
        task = asyncio.create_task(self._answer(heard), name=f"{self._name} answer")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._end(done, person))

    def _end(self, task: asyncio.Task[None], person: str) -> None:
        self._tasks.discard(task)
        self._talking[person] -= 1
        if self._talking[person] <= 0:
            del self._talking[person]

    async def _answer(self, heard: Heard) -> None:
        try:
            answer = await self._converse(heard.incoming)
            if answer is not None:
                await self._say(heard, answer)
        except Exception as error:  # noqa: BLE001 (the edge of a task: one answer never ends the listener)
            _log.error("slack.answer_failed", connector=self._name, kind=type(error).__name__)

    async def _say(self, heard: Heard, answer: Answer) -> None:
        """Say it where it was asked; to nobody else if it is discreet (https://docs.slack.dev/messaging#ephemeral)."""
        arguments = {**said(answer), "channel": heard.channel}
        if heard.thread:
            arguments["thread_ts"] = heard.thread
        if answer.discreet and not heard.incoming.private:
            method = "chat.postEphemeral"
            arguments["user"] = heard.incoming.identity
        else:
            method = "chat.postMessage"
            arguments |= {"unfurl_links": False, "unfurl_media": False}
        outcome = (await self._client.call(method, arguments)).outcome
        if isinstance(outcome, TryAgain) and outcome.reason is Reason.RATE_LIMITED:
            await asyncio.sleep(min(1.0 if outcome.after is None else outcome.after, _LONGEST_WAIT))
            outcome = (await self._client.call(method, arguments)).outcome
        if not isinstance(outcome, Delivered):
            _log.warning("slack.answer_refused", connector=self._name, reason=outcome.reason, said=outcome.detail)
