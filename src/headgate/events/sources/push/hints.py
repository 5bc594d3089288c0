"""Hints become signals: many that come together wake the watchers once."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Mapping
from typing import Final

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection

from headgate.errors import StoreError
from headgate.events.sources.push.hint import Hint, Way
from headgate.events.sources.standings import Standing
from headgate.store.signals import Topic
from headgate.store.store import Store, ring

_log = structlog.get_logger(__name__)
_GAP: Final = 0.1
"""Seconds for which hints are gathered after the watchers were woken."""

HINTS = Counter("headgate_hints", "Hints to look now, by the way they came.", ["way"])


class Hints:
    """Passes hints on to the watchers of this service, and of the others on the same store."""

    def __init__(self, store: Store, standings: Mapping[Way, Standing]) -> None:
        self._store = store
        self._standings = standings
        self._topics: set[Topic] = set()
        self._again: dict[Topic, asyncio.TimerHandle] = {}
        self._news = asyncio.Event()
        self._stop = asyncio.Event()

    def give(self, hint: Hint) -> None:
        """Take a hint; returns at once."""
        HINTS.labels(hint.way.value).inc()
        self._standings[hint.way].saw(time.time())
        self._wake(hint.topic)
        if hint.again is not None:
            if hint.topic in self._again:
                self._again[hint.topic].cancel()
            self._again[hint.topic] = asyncio.get_running_loop().call_later(hint.again, self._wake, hint.topic)

    def _wake(self, topic: Topic) -> None:
        self._topics.add(topic)
        self._news.set()

    async def run(self) -> None:
        """Pass hints on until ``stop``."""
        while not self._stop.is_set():
            await self._news.wait()
            self._news.clear()
            topics, self._topics = self._topics, set()
            try:
                await self._store.write(functools.partial(_ring, topics))
            except StoreError as error:
                _log.warning("hints.not_passed_on", error=error.message)  # the watchers look all the same
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GAP):
                    await self._stop.wait()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        for timer in self._again.values():
            timer.cancel()
        self._stop.set()
        self._news.set()


def _ring(topics: set[Topic], connection: Connection) -> None:
    for topic in topics:
        ring(connection, topic)
