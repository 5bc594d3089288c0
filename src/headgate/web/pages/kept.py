"""Answers of what may be slow, kept for a while: a page waits for a moment, and says so if there is nothing yet."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import structlog

from headgate.errors import HeadgateError

V = TypeVar("V")
_log = structlog.get_logger(__name__)
_MOST = 2000
"""Answers that are kept."""
_AT_ONCE = 4
"""Questions asked at the same time."""
_AFTER_FAILURE = 10.0
"""Seconds for which the same is not asked again after it failed."""


class Kept(Generic[V]):
    """Answers by key. Whoever asks while the same question is under way waits for its answer."""

    def __init__(self, *, patience: float = 3.0) -> None:
        """``patience``: seconds a page waits. A question goes on after that, for the next one who asks."""
        self.patience = patience
        self._answers: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()
        self._asking: dict[Hashable, asyncio.Task[None]] = {}
        self._failed: OrderedDict[Hashable, float] = OrderedDict()
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[V]], good_for: Callable[[V], float]) -> V | None:
        """Return the answer, an old one rather than none; None if there is none in time.

        ``good_for``: seconds for which an answer is not asked for again.
        """
        known = self._answers.get(key)
        now = time.monotonic()
        if known is not None and now < known[0]:
            return known[1]
        if now < self._failed.get(key, 0.0):
            return None if known is None else known[1]
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(key, ask, good_for), name="pages question")
        await asyncio.wait({asking}, timeout=self.patience)
        known = self._answers.get(key)
        return None if known is None else known[1]

    def forget(self, key: Hashable) -> None:
        """Have the next one ask again."""
        self._answers.pop(key, None)
        self._failed.pop(key, None)

    async def _ask(self, key: Hashable, ask: Callable[[], Awaitable[V]], good_for: Callable[[V], float]) -> None:
        try:
            async with self._turn:
                answer = await ask()
        except HeadgateError as error:
            _log.info("pages.not_answered", error=error.message)
            _put(self._failed, key, time.monotonic() + _AFTER_FAILURE)
        else:
            _put(self._answers, key, (time.monotonic() + good_for(answer), answer))
        finally:
            self._asking.pop(key, None)


K = TypeVar("K")
W = TypeVar("W")


def _put(into: OrderedDict[K, W], key: K, value: W) -> None:
    into[key] = value
    into.move_to_end(key)
    while len(into) > _MOST:
        into.popitem(last=False)
