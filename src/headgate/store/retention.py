"""Forgetting what is old enough: finished deliveries, then events that nothing refers to any more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, exists, func, select

from headgate.model.delivery import DeliveryState
from headgate.store import memories
from headgate.store.tables import buckets, deliveries, events, jobs

_AT_ONCE = 2000
_CLEANED: Final = "cleaned"


def forget_deliveries(connection: Connection, before: float) -> int:
    """Delete some deliveries finished before a time; dead ones stay until they are dropped. Return how many."""
    kept = (DeliveryState.DEAD.value,)
    chosen = (
        select(deliveries.c.id)
        .where(deliveries.c.finished_at < before, deliveries.c.state.not_in(kept))
        .limit(_AT_ONCE)
        .scalar_subquery()
    )
    return connection.execute(delete(deliveries).where(deliveries.c.id.in_(chosen))).rowcount


def forget_events(connection: Connection, before: float) -> int:
    """Delete some events that were recorded before a time and have no delivery. Return how many."""
    used = exists().where(deliveries.c.event_id == events.c.id)
    chosen = select(events.c.id).where(events.c.recorded_at < before, ~used).limit(_AT_ONCE).scalar_subquery()
    return connection.execute(delete(events).where(events.c.id.in_(chosen))).rowcount


def forget_jobs(connection: Connection, before: float) -> int:
    """Delete what was known of jobs that were over before a time. Return how many."""
    return connection.execute(delete(jobs).where(~jobs.c.open, jobs.c.seen_at < before)).rowcount


def forget_buckets(connection: Connection, before: float) -> int:
    """Delete token buckets that were last touched before a time (they are full by then). Return how many."""
    return connection.execute(delete(buckets).where(buckets.c.filled_at < before)).rowcount


def sizes(connection: Connection) -> dict[str, int]:
    """Return how many events, deliveries and jobs there are."""
    tables = {"events": events, "deliveries": deliveries, "jobs": jobs}
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one() for name, table in tables.items()
    }


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A clean-up: when (seconds since the epoch), and how much of what was forgotten."""

    at: float
    forgotten: Mapping[str, int]


def keep_cleaned(connection: Connection, done: Cleaned) -> None:
    """Write down that the store was cleaned up."""
    memories.keep(connection, _CLEANED, json.dumps({"at": done.at, "forgotten": dict(done.forgotten)}))


def last_cleaned(connection: Connection) -> Cleaned | None:
    """Return the last clean-up; None if there was none yet."""
    kept = memories.recall(connection, _CLEANED)
    return None if kept is None else Cleaned(**json.loads(kept))
