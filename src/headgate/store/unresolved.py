"""Deliveries whose target is still to be looked up: by the user's name, in a site's directory."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, case, exists, func, or_, select, text, update

from headgate.model.delivery import DeliveryState, Reason
from headgate.store.deliveries import leave_out
from headgate.store.dialect import one_of
from headgate.store.signals import Topic
from headgate.store.store import ring
from headgate.store.tables import deliveries

_UNRESOLVED = and_(text("deliveries.state = 'waiting'"), deliveries.c.lookup.is_not(None))
"""Waits until its target is looked up."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A delivery whose target is still to be looked up."""

    id: int
    event_id: int
    connector: str
    name: str
    lane: str
    created_at: float


def unresolved(connection: Connection, now: float, limit: int) -> list[Unresolved]:
    """Return deliveries whose target can be looked up now, oldest first."""
    columns = deliveries.c
    query = (
        select(columns.id, columns.event_id, columns.connector, columns.lookup, columns.lane, columns.created_at)
        .where(_UNRESOLVED, columns.not_before <= now)
        .order_by(columns.not_before, columns.id)
        .limit(limit)
    )
    return [Unresolved(*row) for row in connection.execute(query)]


def next_unresolved(connection: Connection) -> float | None:
    """Return when the next target can be looked up; None if none has to be."""
    return connection.execute(select(func.min(deliveries.c.not_before)).where(_UNRESOLVED)).scalar()


def resolve(connection: Connection, found: Mapping[int, tuple[str, str, str]]) -> None:
    """Write down the targets that were looked up: number -> target, lane and person.

    Those that have their message already are ready.
    """
    if not found:
        return
    statement = update(deliveries).where(deliveries.c.id == bindparam("number"), deliveries.c.lookup.is_not(None))
    statement = statement.values(
        lookup=None,
        state=case((deliveries.c.message.is_not(None), DeliveryState.READY.value), else_=deliveries.c.state),
        target=bindparam("found"),
        lane=bindparam("found_lane"),
        person=bindparam("whose"),
        reason=None,
        detail=None,
    )
    rows = [
        {"number": number, "found": target, "found_lane": lane, "whose": person}
        for number, (target, lane, person) in found.items()
    ]
    connection.execute(statement, rows)
    _drop_doubles(connection, list(found))
    ring(connection, Topic.WAITING)
    ring(connection, Topic.READY)


def _drop_doubles(connection: Connection, numbers: Sequence[int]) -> None:
    """Drop those of these deliveries that an event owes to somebody who is told of it anyway."""
    other = deliveries.alias("other")
    columns = deliveries.c
    alike = and_(
        other.c.event_id == columns.event_id,
        other.c.connector == columns.connector,
        other.c.target == columns.target,
        other.c.lookup.is_(None),
        other.c.state.not_in([DeliveryState.DEAD.value, DeliveryState.DROPPED.value]),
    )
    first = or_(other.c.id < columns.id, and_(other.c.id != columns.id, ~one_of(connection, other.c.id, numbers)))
    doubles = select(columns.id).where(one_of(connection, columns.id, numbers), exists().where(alike, first))
    why = dict.fromkeys(connection.execute(doubles).scalars(), (Reason.DUPLICATE, "two receivers are the same"))
    leave_out(connection, why, time.time())


def postpone(connection: Connection, numbers: Sequence[int], until: float, reason: Reason, detail: str) -> None:
    """Look again later for whom these are, and say why."""
    statement = update(deliveries).where(one_of(connection, deliveries.c.id, list(numbers)))
    connection.execute(statement.values(not_before=until, reason=reason.value, detail=detail))
