"""Connectors that do what a test tells them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from headgate.errors import RecipientError
from headgate.notify.connector import Commit, Delivered, Envelope, Outcome

Answer = Callable[[Envelope], Outcome]


class ScriptedConnector:
    """Keeps what it is given and answers as told; what is accepted is in ``taken`` (key -> how often)."""

    def __init__(self, answer: Answer | None = None, *, name: str = "mailto", repeat_safe: bool = True) -> None:
        self.name = name
        self.repeat_safe = repeat_safe
        self.answer = answer or (lambda _: Delivered())
        self.sent: list[Envelope] = []
        self.taken: dict[str, int] = {}
        self.committing = 0
        self.most_committing = 0
        self.closed = False
        self.wants_events = False

    def check_target(self, target: str) -> str:
        if target == "refused":
            raise RecipientError("refused is not a target")
        return target

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        await commit()
        self.committing += 1
        self.most_committing = max(self.most_committing, self.committing)
        await asyncio.sleep(0)
        self.committing -= 1
        self.sent.append(envelope)
        outcome = self.answer(envelope)
        if isinstance(outcome, Delivered):
            self.taken[envelope.key] = self.taken.get(envelope.key, 0) + 1
        return outcome

    async def aclose(self) -> None:
        self.closed = True
