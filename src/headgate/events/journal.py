"""The journal: a fact is written once, with everything that follows from it, in one transaction."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection

from headgate.model.event import Event
from headgate.store import journal
from headgate.store.store import once_kept

_log = structlog.get_logger(__name__)

Follower = Callable[[Connection, Sequence[tuple[int, Event]]], None]
"""Given the new events (number and event) of a transaction, writes what follows from them."""

EVENTS = Counter("headgate_events", "Events written to the journal.", ["kind", "source"])


class Journal:
    """Where sources write."""

    def __init__(self, followers: Sequence[Follower] = ()) -> None:
        """``followers`` are called in this order for every batch of new events."""
        self._followers = tuple(followers)

    def append(self, connection: Connection, facts: Sequence[Event]) -> dict[str, int]:
        """Write facts and what follows from the new ones; return key -> number of the new ones.

        Runs inside the caller's transaction.
        """
        numbers = journal.append(connection, facts)
        by_key = {fact.key: fact for fact in reversed(facts)}
        new = [(number, by_key[key]) for key, number in sorted(numbers.items(), key=lambda pair: pair[1])]
        if new:
            once_kept(connection, functools.partial(_tell, new))
            for follow in self._followers:
                follow(connection, new)
        return numbers


def _tell(new: Sequence[tuple[int, Event]]) -> None:
    """Count and log what is in the journal now."""
    for number, fact in new:
        EVENTS.labels(fact.kind.value, fact.source.value).inc()
        _log.info(
            "event.written",
            event_id=number,
            kind=fact.kind.value,
            about=fact.subject,
            source=fact.source,
            trace=fact.trace,
        )
