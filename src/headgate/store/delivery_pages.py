"""Deliveries as people look for them: a page of a list, how many there are in each state, and connectors' health."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select, true, union_all

from headgate.model.delivery import DeliveryState
from headgate.store.deliveries import Delivery, DeliveryFilter, as_delivery, selected
from headgate.store.tables import deliveries, events, failures

MOST_COUNTED: Final = 10_000
"""So many of a state are counted; more are told as "more than"."""
_LATELY: Final = 1000
"""Of a connector's newest deliveries, so many are looked at for how it fares."""


def conditions(wanted: DeliveryFilter) -> list[ColumnElement[bool]]:
    """Return what a delivery and its event have to fulfil."""
    found: list[ColumnElement[bool]] = []
    if wanted.states:
        found.append(deliveries.c.state.in_([state.value for state in wanted.states]))
    for column, value in (
        (deliveries.c.connector, wanted.connector),
        (deliveries.c.target, wanted.target),
        (deliveries.c.event_id, wanted.event_id),
        (events.c.user, wanted.user),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.since is not None:
        found.append(deliveries.c.created_at >= wanted.since)
    if wanted.job_id is not None:
        found.append(or_(events.c.job_id == wanted.job_id, events.c.array_id == wanted.job_id))
    return found


def page(
    connection: Connection, wanted: DeliveryFilter, *, limit: int, offset: int = 0, before: int | None = None
) -> list[Delivery]:
    """Read deliveries, newest first, from the ``offset``-th on; ``before``: only those with lower numbers."""
    query = selected().where(*conditions(wanted))
    if before is not None:
        query = query.where(deliveries.c.id < before)
    query = query.order_by(deliveries.c.id.desc()).limit(limit).offset(offset)
    return [as_delivery(tuple(row)) for row in connection.execute(query)]


def counted(connection: Connection, wanted: DeliveryFilter) -> dict[DeliveryState, int]:
    """Count deliveries by state, whatever state is asked for.

    Of everybody's, of each state at most one more than ``MOST_COUNTED`` are counted.
    """
    others = conditions(replace(wanted, states=()))
    if wanted.user is not None or wanted.job_id is not None:
        joined = deliveries.join(events, events.c.id == deliveries.c.event_id)
        query = select(deliveries.c.state, func.count()).select_from(joined).where(*others)
        found = {row[0]: row[1] for row in connection.execute(query.group_by(deliveries.c.state))}
        return {state: found.get(state.value, 0) for state in DeliveryState}
    of_each = []
    for state in DeliveryState:
        some = select(literal(1).label("one")).select_from(deliveries)
        some = some.where(deliveries.c.state == state.value, *others).limit(MOST_COUNTED + 1)
        of_each.append(select(literal(state.value), func.count()).select_from(some.subquery()))
    return {DeliveryState(row[0]): row[1] for row in connection.execute(union_all(*of_each))}


def numbers(connection: Connection, wanted: DeliveryFilter, *, limit: int) -> list[int]:
    """Return the numbers of deliveries, the newest first."""
    query = select(deliveries.c.id).join(events, events.c.id == deliveries.c.event_id).where(*conditions(wanted))
    return list(connection.execute(query.order_by(deliveries.c.id.desc()).limit(limit)).scalars())


def with_numbers(connection: Connection, chosen: Sequence[int]) -> list[Delivery]:
    """Return those of these deliveries that are there, the newest first."""
    query = selected().where(deliveries.c.id.in_(list(chosen))).order_by(deliveries.c.id.desc())
    return [as_delivery(tuple(row)) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Health:
    """How a connector fares. Times are seconds since the epoch; ``recent`` counts since the time asked for."""

    backlog: int
    dead: int
    delivered: int
    failed: int
    """Attempts that went wrong, of the newest deliveries."""
    last_error: tuple[float, int, str, str] | None
    """When, which delivery, reason and detail."""
    paused_until: float | None
    """When what failed is tried again; None if nothing failed, or something is due now."""


def health(connection: Connection, connector: str, *, since: float, now: float) -> Health:
    """Say how a connector fares: what waits, what was told since a time, and what went wrong last."""
    columns = deliveries.c
    mine = columns.connector == connector

    def how_many(*more: ColumnElement[bool]) -> int:
        some = select(literal(1).label("one")).where(mine, *more).limit(MOST_COUNTED + 1).subquery()
        return int(connection.execute(select(func.count()).select_from(some)).scalar_one())

    newest = select(columns.id).where(mine).order_by(columns.id.desc()).limit(_LATELY).subquery()
    wrong = and_(failures.c.delivery_id.in_(select(newest.c.id)), true())
    last = connection.execute(
        select(failures.c.time, failures.c.delivery_id, failures.c.reason, failures.c.detail)
        .where(wrong)
        .order_by(failures.c.id.desc())
        .limit(1)
    ).first()
    failed = connection.execute(
        select(func.count()).select_from(failures).where(wrong, failures.c.time >= since)
    ).scalar_one()
    ready = and_(mine, columns.state == DeliveryState.READY.value)
    due = connection.execute(select(func.min(columns.not_before)).where(ready, columns.reason.is_not(None))).scalar()
    if connection.execute(select(columns.id).where(ready, columns.not_before <= now).limit(1)).first() is not None:
        due = None
    open_states = [state.value for state in DeliveryState if state.open]
    # Not the column itself: SQLite would go by its index, through all that was ever delivered, and not by the time's.
    told = func.coalesce(columns.state, "") == DeliveryState.DELIVERED.value
    return Health(
        how_many(columns.state.in_(open_states)),
        how_many(columns.state == DeliveryState.DEAD.value),
        how_many(told, columns.finished_at >= since),
        int(failed),
        None if last is None else (last.time, last.delivery_id, last.reason, last.detail),
        due if due is not None and due > now else None,
    )
