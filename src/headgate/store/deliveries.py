"""The queue's queries: owing deliveries, making their messages, looking at them, and what operators do to them.

Claiming and recording, the two hot paths, have modules of their own, ``claims.py`` and ``outcomes.py``; so have
deliveries whose target is to be looked up, ``unresolved.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, and_, bindparam, func, or_, select, text, update

from headgate.model.delivery import DeliveryState, Priority, Reason
from headgate.model.event import EventKind
from headgate.store.dialect import one_of
from headgate.store.signals import Topic
from headgate.store.store import ring
from headgate.store.tables import OPEN, deliveries, events, failures

_WAITING = and_(text("deliveries.state = 'waiting'"), deliveries.c.lookup.is_(None))
"""Waits for its message, and it is known whom to send it to."""
RETRIED = (DeliveryState.DEAD, DeliveryState.DROPPED, DeliveryState.READY)
"""States from which ``retry`` makes a delivery due now."""
DROPPED_FROM = (DeliveryState.WAITING, DeliveryState.READY, DeliveryState.DEAD)
"""States from which ``drop`` takes a delivery out of the queue."""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to be owed. ``lane``: deliveries of one lane are sent in the order they were owed.

    ``message`` is a Message as JSON; without one the delivery waits for it, and with a ``lookup`` for that. ``reason``
    makes it dead from the start.
    ``person``: whose preferences count. ``lookup``: the name whose target has to be looked up first. ``subscription``:
    a filter as JSON, if no mail but a subscription asked for this.
    """

    event_id: int
    key: str
    connector: str
    target: str
    lane: str
    message: str | None = None
    reason: Reason | None = None
    detail: str = ""
    not_before: float | None = None
    person: str = ""
    lookup: str | None = None
    subscription: str | None = None
    fold: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that did not succeed."""

    time: float
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as it stands."""

    id: int
    event_id: int
    key: str
    connector: str
    target: str
    state: DeliveryState
    reason: Reason | None
    detail: str | None
    attempts: int
    not_before: float
    created_at: float
    finished_at: float | None
    folded_into: str | None
    message: str | None
    job_id: int | None
    user: str
    subject: str


def owe(connection: Connection, new: Sequence[NewDelivery], now: float) -> None:
    """Write deliveries that are owed from now on."""
    if not new:
        return
    connection.execute(deliveries.insert(), [_row(item, now) for item in new])
    states = {_state(item) for item in new}
    if DeliveryState.WAITING in states:
        ring(connection, Topic.WAITING)
    if DeliveryState.READY in states:
        ring(connection, Topic.READY)


def _state(item: NewDelivery) -> DeliveryState:
    if item.reason is not None:
        return DeliveryState.DEAD
    return DeliveryState.WAITING if item.message is None or item.lookup is not None else DeliveryState.READY


def _row(item: NewDelivery, now: float) -> dict[str, object]:
    return {
        "event_id": item.event_id,
        "key": item.key,
        "connector": item.connector,
        "target": item.target,
        "lane": item.lane,
        "state": _state(item).value,
        "reason": item.reason.value if item.reason else None,
        "detail": item.detail or None,
        "not_before": now if item.not_before is None else item.not_before,
        "created_at": now,
        "finished_at": now if item.reason else None,
        "message": item.message,
        "person": item.person,
        "lookup": item.lookup,
        "subscription": item.subscription,
        "fold": item.fold,
    }


def waiting_events(connection: Connection, now: float, limit: int) -> dict[int, float]:
    """Return event number -> when its oldest delivery was owed, of events whose message can be looked into now."""
    query = (
        select(deliveries.c.event_id, func.min(deliveries.c.created_at))
        .where(_WAITING, deliveries.c.not_before <= now)
        .group_by(deliveries.c.event_id)
        .order_by(deliveries.c.event_id)
        .limit(limit)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def next_waiting(connection: Connection) -> float | None:
    """Return when the next waiting delivery can be looked into; None if none waits."""
    return connection.execute(select(func.min(deliveries.c.not_before)).where(_WAITING)).scalar()


@dataclass(frozen=True, slots=True)
class Made:
    """The message of an event, as JSON, and how urgent it is."""

    message: str
    priority: Priority = Priority.END


def give_messages(connection: Connection, made: Mapping[int, Made], now: float) -> None:
    """Make the waiting deliveries of events ready, with the event's message.

    What was owed before in the lane of a more urgent one becomes as urgent: it has to go first.
    """
    if not made:
        return
    columns = deliveries.c
    statement = (
        update(deliveries)
        .where(_WAITING, columns.event_id == bindparam("of_event"))
        .values(
            state=DeliveryState.READY.value,
            message=bindparam("made"),
            priority=bindparam("urgency"),
            not_before=now,
        )
    )
    rows = [{"of_event": number, "made": one.message, "urgency": one.priority.value} for number, one in made.items()]
    connection.execute(statement, rows)
    _urge(connection, list(made))
    ring(connection, Topic.READY)


def _urge(connection: Connection, event_ids: Sequence[int]) -> None:
    """Give what is open in the lanes of these events the priority of the most urgent one behind it."""
    columns, later = deliveries.c, deliveries.alias("later")
    lanes = select(columns.lane).where(one_of(connection, columns.event_id, event_ids), text(OPEN))
    behind = (
        select(func.min(later.c.priority))
        .where(later.c.lane == columns.lane, later.c.id > columns.id, later.c.message.is_not(None))
        .where(text(OPEN.replace("state", "later.state")))
        .scalar_subquery()
    )
    earlier = update(deliveries).where(columns.lane.in_(lanes), text(OPEN), columns.priority > behind)
    connection.execute(earlier.values(priority=behind))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that waits for its message, as far as it matters for whether and when it goes out."""

    id: int
    event_id: int
    connector: str
    target: str
    person: str
    subscription: str | None
    fold: bool


def waiting_of(connection: Connection, event_ids: Sequence[int]) -> list[Waiting]:
    """Return the deliveries that wait for the messages of events.

    Until the transaction ends, no further one of these events comes to wait because its target was found.
    """
    columns = deliveries.c
    query = select(
        columns.id,
        columns.event_id,
        columns.connector,
        columns.target,
        columns.person,
        columns.subscription,
        columns.fold,
        columns.lookup,
    ).where(text("deliveries.state = 'waiting'"), one_of(connection, columns.event_id, list(event_ids)))
    rows = connection.execute(query.order_by(columns.id).with_for_update())
    return [Waiting(*row[:-1]) for row in rows if row.lookup is None]


def hold_for_digest(connection: Connection, until: Mapping[int, float]) -> None:
    """Hold ready deliveries (number -> until when), to be folded then."""
    if not until:
        return
    statement = update(deliveries).where(deliveries.c.id == bindparam("number"))
    statement = statement.values(not_before=bindparam("until"), fold=True)
    connection.execute(statement, [{"number": number, "until": at} for number, at in until.items()])


def let_go(connection: Connection, person: str, at: float) -> None:
    """Hold nothing for longer than this that is held for a person; what a service has put off stays put off."""
    columns = deliveries.c
    held = and_(columns.person == person, columns.fold, columns.not_before > at, columns.reason.is_(None))
    connection.execute(update(deliveries).where(text("state = 'ready'"), held).values(not_before=at))
    ring(connection, Topic.READY)


def leave_out(connection: Connection, why: Mapping[int, tuple[Reason, str]], now: float) -> None:
    """Drop deliveries that are not to be sent (number -> reason and detail)."""
    _end(connection, DeliveryState.DROPPED, why, now)


def give_up(connection: Connection, why: Mapping[int, tuple[Reason, str]], now: float) -> None:
    """Give up deliveries that can never be sent (number -> reason and detail)."""
    _end(connection, DeliveryState.DEAD, why, now)


def _end(connection: Connection, state: DeliveryState, why: Mapping[int, tuple[Reason, str]], now: float) -> None:
    if not why:
        return
    statement = update(deliveries).where(deliveries.c.id == bindparam("number"))
    statement = statement.values(
        state=state.value, reason=bindparam("because"), detail=bindparam("words"), finished_at=now
    )
    rows = [{"number": number, "because": reason.value, "words": words} for number, (reason, words) in why.items()]
    connection.execute(statement, rows)


def look_again(connection: Connection, when: Mapping[int, float]) -> None:
    """Set when the waiting deliveries of events are looked into again (event number -> time)."""
    statement = update(deliveries).where(_WAITING)
    for event_id, at in when.items():
        connection.execute(statement.where(deliveries.c.event_id == event_id).values(not_before=at))


def drop_waiting(connection: Connection, event_ids: Sequence[int], reason: Reason, detail: str, now: float) -> None:
    """Drop the waiting deliveries of events."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.state == DeliveryState.WAITING.value, deliveries.c.event_id.in_(event_ids))
        .values(state=DeliveryState.DROPPED.value, reason=reason.value, detail=detail, finished_at=now)
    )


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries to read."""

    states: tuple[DeliveryState, ...] = ()
    connector: str | None = None
    target: str | None = None
    job_id: int | None = None
    user: str | None = None
    event_id: int | None = None
    since: float | None = None
    """Owed since then: seconds since the epoch."""


def find(connection: Connection, wanted: DeliveryFilter, *, limit: int) -> list[Delivery]:
    """Read deliveries in the order they were owed; of more than ``limit`` the newest."""
    query = selected()
    if wanted.states:
        query = query.where(deliveries.c.state.in_([state.value for state in wanted.states]))
    for column, value in (
        (deliveries.c.connector, wanted.connector),
        (deliveries.c.target, wanted.target),
        (deliveries.c.event_id, wanted.event_id),
        (events.c.user, wanted.user),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.job_id is not None:
        query = query.where(or_(events.c.job_id == wanted.job_id, events.c.array_id == wanted.job_id))
    if wanted.since is not None:
        query = query.where(deliveries.c.created_at >= wanted.since)
    rows = list(connection.execute(query.order_by(deliveries.c.id.desc()).limit(limit)))
    return [as_delivery(tuple(row)) for row in reversed(rows)]


def of_events(connection: Connection, numbers: Sequence[int], *, limit: int) -> list[Delivery]:
    """Read the deliveries of these events, in the order they were owed; at most ``limit``."""
    query = selected().where(one_of(connection, deliveries.c.event_id, list(numbers)))
    return [as_delivery(tuple(row)) for row in connection.execute(query.order_by(deliveries.c.id).limit(limit))]


def newest_of(connection: Connection, user: str, limit: int) -> list[Delivery]:
    """Read the deliveries that the newest events about a user's jobs led to, newest first."""
    query = selected().where(events.c.user == user).order_by(events.c.id.desc(), deliveries.c.id.desc())
    return [as_delivery(tuple(row)) for row in connection.execute(query.limit(limit))]


def get(connection: Connection, number: int) -> Delivery | None:
    """Read one delivery."""
    row = connection.execute(selected().where(deliveries.c.id == number)).first()
    return None if row is None else as_delivery(tuple(row))


def history(connection: Connection, number: int) -> list[Failure]:
    """Return the failed attempts of a delivery, oldest first."""
    query = select(failures.c.time, failures.c.reason, failures.c.detail).where(failures.c.delivery_id == number)
    return [
        Failure(at, Reason(reason), detail) for at, reason, detail in connection.execute(query.order_by(failures.c.id))
    ]


def counts(connection: Connection) -> dict[tuple[str, DeliveryState], int]:
    """Count deliveries by connector and state."""
    query = select(deliveries.c.connector, deliveries.c.state, func.count()).group_by(
        deliveries.c.connector, deliveries.c.state
    )
    return {(connector, DeliveryState(state)): count for connector, state, count in connection.execute(query)}


def retry(connection: Connection, numbers: Sequence[int], now: float) -> list[int]:
    """Make deliveries that are dead, dropped, or wait for another attempt, due now; return which ones were.

    A receiver that could not be read names nobody, so those stay as they are.
    """
    changed: list[int] = []
    for start in range(0, len(numbers), 1000):
        chosen = (
            update(deliveries)
            .where(deliveries.c.id.in_(numbers[start : start + 1000]))
            .where(deliveries.c.state.in_([state.value for state in RETRIED]))
            .where(deliveries.c.reason.is_distinct_from(Reason.BAD_RECEIVER.value))
        )
        again = {
            "not_before": now,
            "created_at": now,
            "attempts": 0,
            "finished_at": None,
            "reason": None,
            "detail": None,
        }
        for made, state in ((True, DeliveryState.READY), (False, DeliveryState.WAITING)):
            has = deliveries.c.message.is_not(None) if made else deliveries.c.message.is_(None)
            statement = chosen.where(has).values(state=state.value, **again).returning(deliveries.c.id)
            changed.extend(connection.execute(statement).scalars())
    if changed:
        ring(connection, Topic.READY)
        ring(connection, Topic.WAITING)
    return sorted(changed)


def drop(connection: Connection, numbers: Sequence[int], detail: str, now: float) -> list[int]:
    """Take deliveries out of the queue that are not on their way or done; return which ones were."""
    changed: list[int] = []
    for start in range(0, len(numbers), 1000):
        statement = (
            update(deliveries)
            .where(deliveries.c.id.in_(numbers[start : start + 1000]))
            .where(deliveries.c.state.in_([state.value for state in DROPPED_FROM]))
            .values(state=DeliveryState.DROPPED.value, reason=Reason.OPERATOR.value, detail=detail, finished_at=now)
        )
        changed.extend(connection.execute(statement.returning(deliveries.c.id)).scalars())
    return sorted(changed)


def selected() -> Select[tuple[object, ...]]:
    """Return the query of deliveries with their events' words, whose rows ``as_delivery`` takes."""
    columns = deliveries.c
    return select(
        columns.id,
        columns.event_id,
        columns.key,
        columns.connector,
        columns.target,
        columns.state,
        columns.reason,
        columns.detail,
        columns.attempts,
        columns.not_before,
        columns.created_at,
        columns.finished_at,
        columns.folded_into,
        columns.message,
        events.c.job_id,
        events.c.user,
        events.c.subject,
    ).join(events, events.c.id == columns.event_id)


def as_delivery(row: tuple[object, ...]) -> Delivery:
    """Return a row of ``selected`` as a delivery."""
    values = list(row)
    values[5] = DeliveryState(str(values[5]))
    values[6] = None if values[6] is None else Reason(str(values[6]))
    return Delivery(*values)  # type: ignore[arg-type]


def backlog(connection: Connection) -> dict[tuple[str, str], int]:
    """Count what is not told yet, or dead, by connector and state."""
    states = [state.value for state in DeliveryState if state.open] + [DeliveryState.DEAD.value]
    query = (
        select(deliveries.c.connector, deliveries.c.state, func.count())
        .where(deliveries.c.state.in_(states))
        .group_by(deliveries.c.connector, deliveries.c.state)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def told_of(
    connection: Connection,
    jobs: Sequence[int],
    kinds: Sequence[EventKind],
    states: Sequence[DeliveryState],
    since: float,
) -> list[tuple[int, str, str, EventKind, str, float]]:
    """Return (job id, connector, target, the event's kind, data as JSON and time) of deliveries about these jobs.

    Only those that events of these ``kinds`` since a time led to, and that are in one of these ``states``.
    """
    query = (
        select(
            events.c.job_id, deliveries.c.connector, deliveries.c.target, events.c.kind, events.c.data, events.c.time
        )
        .join(events, events.c.id == deliveries.c.event_id)
        .where(one_of(connection, events.c.job_id, list(jobs)))
        .where(events.c.kind.in_([kind.value for kind in kinds]), events.c.recorded_at >= since)
        .where(deliveries.c.state.in_([state.value for state in states]))
    )
    return [(row[0], row[1], row[2], EventKind(row[3]), row[4], row[5]) for row in connection.execute(query)]
