"""What apps are told: events of their jobs, in an order of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from headgate.model.event import Event
from headgate.store import journal
from headgate.store.dialect import insert_new
from headgate.store.tables import app_events

AT_ONCE = 500
"""Events one look returns at most."""
_TURN: Final = 0x48454145
"""PostgreSQL's advisory lock of those who write what apps are told; any number, the same for every Headgate."""


@dataclass(frozen=True, slots=True)
class AppEvent:
    """An event of an app's job. ``number`` grows; a stream is taken up again behind it."""

    number: int
    submission_id: str
    user: str
    event: Event


def take_turn(connection: Connection) -> None:
    """Have others who tell apps wait until this transaction has ended. On SQLite they do by themselves.

    Without, of two at once, one that writes a job's end and one that writes whose job it is, neither sees the other's,
    and the end is told to nobody. And numbers would come to be seen in another order than they grow, so that whoever
    asks for what is beyond the last one would miss some. To be called before anything is read that it is about.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_TURN)))


def add(connection: Connection, new: Sequence[tuple[str, str, str, int]]) -> None:
    """Write (app, user, submission, event) where they are not there yet."""
    names = ("app_id", "user", "submission_id", "event_id")
    rows = [dict(zip(names, one, strict=True)) for one in new]
    if rows:
        connection.execute(insert_new(connection, app_events).on_conflict_do_nothing(), rows)


def after(
    connection: Connection,
    app_id: str,
    number: int,
    *,
    user: str | None = None,
    submission_id: str | None = None,
    limit: int = AT_ONCE,
) -> list[AppEvent]:
    """Return the events of an app (of a user, of a job) beyond a number, in order."""
    query = select(app_events).where(app_events.c.app_id == app_id, app_events.c.id > number)
    if user is not None:
        query = query.where(app_events.c.user == user)
    if submission_id is not None:
        query = query.where(app_events.c.submission_id == submission_id)
    rows = list(connection.execute(query.order_by(app_events.c.id).limit(limit)))
    known = {one.id: one.event for one in journal.get_many(connection, sorted({row.event_id for row in rows}))}
    return [AppEvent(row.id, row.submission_id, row.user, known[row.event_id]) for row in rows if row.event_id in known]


def newest(connection: Connection, app_id: str) -> int:
    """Return the number of an app's newest event; 0 if it has none."""
    query = select(func.max(app_events.c.id)).where(app_events.c.app_id == app_id)
    return int(connection.execute(query).scalar() or 0)
