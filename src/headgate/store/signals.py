"""Telling tasks of this process, and of others on the same store, that there is something new to look at.

A signal is a hint, never a fact: whoever waits for one also looks again after a while.
"""

from __future__ import annotations

import asyncio
import enum
import weakref
from collections.abc import Iterable


class Topic(enum.StrEnum):
    """What there may be news of."""

    WAITING = "headgate_waiting"
    """Deliveries whose message has to be made."""
    READY = "headgate_ready"
    """Deliveries that may be sent."""
    EVENTS = "headgate_events"
    """Events in the journal."""
    JOBS = "headgate_jobs"
    """Jobs that may have changed: the watcher looks at once."""
    SUBMISSIONS = "headgate_submissions"
    """Jobs of apps that were just submitted: the watcher looks at once."""
    NODES = "headgate_nodes"
    """Nodes that may have changed: the node watcher looks at once."""
    EXECUTIONS = "headgate_executions"
    """Executions of rules that somebody approved or cancelled."""
    BUILDS = "headgate_builds"
    """Builds that there is something to do about."""


class Bell:
    """Rings when its topic has news. Belongs to one task of one event loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Wake the waiting task. May be called from any thread."""
        ring_all([self])

    def ring_here(self) -> None:
        """Wake the waiting task, from within the bell's own loop."""
        self._event.set()

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109 - "no news" is an answer here, not an error
        """Wait until it rings, at most ``timeout`` seconds; say whether it did."""
        try:
            async with asyncio.timeout(timeout):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Signals:
    """The bells of this process, by topic."""

    def __init__(self) -> None:
        self._bells: dict[Topic, weakref.WeakSet[Bell]] = {topic: weakref.WeakSet() for topic in Topic}

    def bell(self, *topics: Topic) -> Bell:
        """Make a bell for one or more topics; it lives as long as somebody holds it."""
        bell = Bell()
        for topic in topics:
            self._bells[topic].add(bell)
        return bell

    def ring(self, topic: Topic) -> None:
        """Ring every bell of the topic. May be called from any thread."""
        ring_all(list(self._bells[topic]))


def ring_all(bells: Iterable[Bell]) -> None:
    """Ring several bells, and wake each loop once: waking is a write to a socket, and open pages are hundreds."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Bell]] = {}
    for bell in bells:
        by_loop.setdefault(bell.loop, []).append(bell)
    for loop, own in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_ring_here, own)


def _ring_here(bells: Iterable[Bell]) -> None:
    for bell in bells:
        bell.ring_here()
