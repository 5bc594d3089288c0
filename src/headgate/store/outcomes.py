"""Recording how sending went, and giving leased work back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Update, and_, or_, select, text, update

from headgate.model.delivery import DeliveryState, Reason
from headgate.store import claims
from headgate.store.dialect import one_of
from headgate.store.signals import Topic
from headgate.store.store import ring
from headgate.store.tables import deliveries, failures


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of deliveries after an attempt to send them as one message.

    ``state``: DELIVERED, FOLDED, DEAD, or READY (to be tried again at ``not_before``). ``counts``: whether this was an
    attempt in the sense of the limit on attempts. ``holds``: whether the target's other deliveries wait as long, too.
    """

    ids: tuple[int, ...]
    state: DeliveryState
    reason: Reason | None = None
    detail: str = ""
    not_before: float = 0.0
    counts: bool = True
    folded_into: str | None = None
    holds: tuple[str, str] | None = None
    """(connector, target)"""


def record(connection: Connection, results: Sequence[Settled], *, owner: str, now: float) -> int:
    """Record results; return how many deliveries they changed. What another has leased since is left alone.

    What was told is told, also where the lease ended before that could be recorded and nobody has taken it over yet.
    """
    changed = 0
    plain = [number for result in results if _plain(result) for number in result.ids]
    if plain:
        values = {"state": DeliveryState.DELIVERED.value, "finished_at": now}
        changed += connection.execute(_leased(connection, plain, owner, values, told=True)).rowcount
    for result in results:
        if not _plain(result):
            changed += _one(connection, result, owner, now)
    return changed


def _plain(result: Settled) -> bool:
    return result.state is DeliveryState.DELIVERED and result.folded_into is None


def _one(connection: Connection, result: Settled, owner: str, now: float) -> int:
    values: dict[str, object] = {"state": result.state.value, "detail": result.detail or None}
    values["reason"] = result.reason.value if result.reason else None
    if result.state is DeliveryState.READY:
        values["not_before"] = result.not_before
    else:
        values["finished_at"] = now
        values["folded_into"] = result.folded_into
    if result.reason is not None and result.counts:
        values["attempts"] = deliveries.c.attempts + 1
    told = result.state in (DeliveryState.DELIVERED, DeliveryState.FOLDED)
    changed = list(
        connection.execute(
            _leased(connection, result.ids, owner, values, told=told).returning(deliveries.c.id)
        ).scalars()
    )
    if result.reason is not None and changed:
        connection.execute(
            failures.insert(),
            [
                {"delivery_id": number, "time": now, "reason": result.reason.value, "detail": result.detail}
                for number in changed
            ],
        )
    if result.holds is not None:
        claims.hold(connection, *result.holds, result.not_before)
    return len(changed)


def _leased(
    connection: Connection, numbers: Sequence[int], owner: str, values: Mapping[str, object], *, told: bool = False
) -> Update:
    """Return the UPDATE that ends the lease of what ``owner`` has; if that was ``told``, also of what it had."""
    columns = deliveries.c
    ours = and_(columns.state == DeliveryState.SENDING.value, columns.lease_owner == owner)
    if told:
        ours = or_(ours, columns.state == DeliveryState.READY.value)
    return (
        update(deliveries)
        .where(one_of(connection, columns.id, numbers), ours)
        .values(lease_owner=None, lease_until=None, **values)
    )


def renew(connection: Connection, numbers: Sequence[int], owner: str, until: float) -> int:
    """Extend the lease of those deliveries that are leased to ``owner``; return how many that are."""
    return connection.execute(
        update(deliveries)
        .where(one_of(connection, deliveries.c.id, numbers))
        .where(deliveries.c.state == DeliveryState.SENDING.value, deliveries.c.lease_owner == owner)
        .values(lease_until=until)
    ).rowcount


def give_back(connection: Connection, numbers: Sequence[int], owner: str) -> int:
    """Make leased deliveries ready again, as if they had never been claimed."""
    if not numbers:
        return 0
    return connection.execute(_leased(connection, numbers, owner, {"state": DeliveryState.READY.value})).rowcount


def expire(connection: Connection, now: float, *, everybody: bool = False) -> int:
    """Take work back from workers whose lease has run out (or from all: nobody else works on this store)."""
    late = text("1 = 1") if everybody else deliveries.c.lease_until < now
    chosen = select(deliveries.c.id).where(deliveries.c.state == DeliveryState.SENDING.value, late)
    numbers = list(connection.execute(chosen).scalars())
    for start in range(0, len(numbers), 1000):
        connection.execute(
            update(deliveries)
            .where(one_of(connection, deliveries.c.id, numbers[start : start + 1000]))
            .where(deliveries.c.state == DeliveryState.SENDING.value)
            .values(state=DeliveryState.READY.value, lease_owner=None, lease_until=None)
        )
    if numbers:
        ring(connection, Topic.READY)
    return len(numbers)
