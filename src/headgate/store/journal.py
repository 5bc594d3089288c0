"""The journal's queries: writing facts once, by key, and reading them."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, Select, bindparam, or_, select

from headgate.model.event import Event, EventKind, Source, trace_of
from headgate.store.dialect import insert_new, one_of
from headgate.store.signals import Topic
from headgate.store.store import ring
from headgate.store.tables import events, witnesses

# Asked for every job that is submitted, and so made once.
_OF_JOB = (
    select(events.c.id)
    .where(
        or_(events.c.job_id == bindparam("job"), events.c.array_id == bindparam("job")),
        events.c.cluster == bindparam("cluster"),
        events.c.time >= bindparam("since"),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the journal has it: its number, when it was written, and who saw it (source -> when told)."""

    id: int
    event: Event
    recorded_at: float
    witnesses: dict[Source, float]


def append(connection: Connection, facts: Sequence[Event]) -> dict[str, int]:
    """Write facts; return key -> number of those that are new. Every fact gains its source as a witness."""
    if not facts:
        return {}
    now = time.time()
    rows = {fact.key: _row(fact, now) for fact in facts}
    statement = insert_new(connection, events).on_conflict_do_nothing(index_elements=["key"])
    inserted = connection.execute(statement.returning(events.c.key, events.c.id), list(rows.values()))
    new = {row.key: row.id for row in inserted}
    numbers = new if len(new) == len(rows) else new | ids(connection, [key for key in rows if key not in new])
    seen = {(numbers[fact.key], fact.source): now for fact in facts}
    connection.execute(
        insert_new(connection, witnesses).on_conflict_do_nothing(),
        [{"event_id": number, "source": source, "seen_at": at} for (number, source), at in seen.items()],
    )
    if new:
        ring(connection, Topic.EVENTS)
    return new


def ids(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Return key -> number of those keys that are in the journal."""
    found: dict[str, int] = {}
    for start in range(0, len(keys), 1000):
        query = select(events.c.key, events.c.id).where(events.c.key.in_(keys[start : start + 1000]))
        found.update({row.key: row.id for row in connection.execute(query)})
    return found


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to read.

    ``kind`` may end in ``*``. ``job_id`` also finds the tasks of an array. ``node`` is a node's name. ``since`` and
    ``until`` are seconds since the epoch.
    """

    kind: str | None = None
    job_id: int | None = None
    node: str | None = None
    user: str | None = None
    cluster: str | None = None
    since: float | None = None
    until: float | None = None
    after_id: int | None = None


def find(connection: Connection, wanted: EventFilter, *, limit: int, newest: bool = True) -> list[Recorded]:
    """Read events in the order of their numbers; of more than ``limit`` the newest ones (or the oldest)."""
    query = _where(select(events), wanted)
    query = query.order_by(events.c.id.desc() if newest else events.c.id).limit(limit)
    rows = list(connection.execute(query))
    if newest:
        rows.reverse()
    return _recorded(connection, rows)


def has_of_job(connection: Connection, cluster: str, job_id: int, since: float) -> bool:
    """Whether there is an event since a time of a job or an array, or of one of its tasks."""
    return connection.execute(_OF_JOB, {"cluster": cluster, "job": job_id, "since": since}).first() is not None


def about(connection: Connection, subject: str, limit: int = 1000) -> list[Event]:
    """Return the newest events of what is no job, by its subject, oldest first."""
    query = select(events).where(events.c.subject == subject, events.c.job_id.is_(None))
    rows = list(connection.execute(query.order_by(events.c.id.desc()).limit(limit)))
    rows.reverse()
    return [one.event for one in _recorded(connection, rows)]


def get(connection: Connection, number: int) -> Recorded | None:
    """Read one event by its number."""
    found = _recorded(connection, list(connection.execute(select(events).where(events.c.id == number))))
    return found[0] if found else None


def get_many(connection: Connection, numbers: Sequence[int]) -> list[Recorded]:
    """Read events by their numbers, in that order of numbers."""
    rows: list[Row[tuple[object, ...]]] = []
    for start in range(0, len(numbers), 1000):
        query = select(events).where(events.c.id.in_(numbers[start : start + 1000])).order_by(events.c.id)
        rows.extend(connection.execute(query))
    return _recorded(connection, rows)


def traces(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """Return event number -> its trace, of those that are in the journal."""
    query = select(events.c.id, events.c.key, events.c.data).where(one_of(connection, events.c.id, list(numbers)))
    return {number: trace_of(key, json.loads(data)) for number, key, data in connection.execute(query)}


def _row(fact: Event, now: float) -> dict[str, object]:
    return {
        "key": fact.key,
        "kind": fact.kind.value,
        "time": fact.time,
        "recorded_at": now,
        "subject": fact.subject,
        "cluster": fact.cluster,
        "job_id": fact.job_id,
        "array_id": fact.array_id,
        "user": fact.user,
        "data": json.dumps(fact.data, separators=(",", ":")),
    }


def _where(query: Select[tuple[object, ...]], wanted: EventFilter) -> Select[tuple[object, ...]]:
    if wanted.kind is not None and wanted.kind.endswith("*"):
        query = query.where(events.c.kind.startswith(wanted.kind[:-1], autoescape=True))
    elif wanted.kind is not None:
        query = query.where(events.c.kind == wanted.kind)
    if wanted.job_id is not None:
        query = query.where(or_(events.c.job_id == wanted.job_id, events.c.array_id == wanted.job_id))
    if wanted.node is not None:
        query = query.where(events.c.subject == f"node {wanted.node}", events.c.job_id.is_(None))
    for column, value in (
        (events.c.user, wanted.user),
        (events.c.cluster, wanted.cluster),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(events.c.time >= wanted.since)
    if wanted.until is not None:
        query = query.where(events.c.time <= wanted.until)
    if wanted.after_id is not None:
        query = query.where(events.c.id > wanted.after_id)
    return query


def _recorded(connection: Connection, rows: Sequence[Row[tuple[object, ...]]]) -> list[Recorded]:
    seen: dict[int, dict[Source, float]] = {}
    numbers = [row._mapping["id"] for row in rows]  # noqa: SLF001 - SQLAlchemy's documented accessor
    for start in range(0, len(numbers), 1000):
        query = select(witnesses).where(witnesses.c.event_id.in_(numbers[start : start + 1000]))
        for number, source, at in connection.execute(query):
            seen.setdefault(number, {})[Source(source)] = at
    return [_one(row, seen) for row in rows]


def _one(row: Row[tuple[object, ...]], seen: dict[int, dict[Source, float]]) -> Recorded:
    value = row._mapping  # noqa: SLF001 - SQLAlchemy's documented accessor
    witnesses_ = dict(sorted(seen.get(value["id"], {}).items(), key=lambda pair: pair[1]))
    event = Event(
        key=value["key"],
        kind=EventKind(value["kind"]),
        time=value["time"],
        subject=value["subject"],
        source=next(iter(witnesses_), Source.WATCHER),
        cluster=value["cluster"],
        job_id=value["job_id"],
        array_id=value["array_id"],
        user=value["user"],
        data=json.loads(value["data"]),
    )
    return Recorded(value["id"], event, value["recorded_at"], witnesses_)
