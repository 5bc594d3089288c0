"""Recording how sending went, and giving leased work back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Update, select, text, update

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
    """Record results; return how many deliveries they changed. What is no longer leased to ``owner`` is left alone."""
    changed = 0
    plain = [number for result in results if _plain(result) for number in result.ids]
    if plain:
        changed += _update(connection, plain, owner, state=DeliveryState.DELIVERED.value, finished_at=now)
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
    changed = list(
        connection.execute(_leased(connection, result.ids, owner, values).returning(deliveries.c.id)).scalars()
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


def _update(connection: Connection, numbers: Sequence[int], owner: str, **values: object) -> int:
    return connection.execute(_leased(connection, numbers, owner, values)).rowcount


def _leased(connection: Connection, numbers: Sequence[int], owner: str, values: Mapping[str, object]) -> Update:
    """Return the UPDATE that ends the lease of those deliveries that are leased to ``owner``."""
    return (
        update(deliveries)
        .where(one_of(connection, deliveries.c.id, numbers))
        .where(deliveries.c.state == DeliveryState.SENDING.value, deliveries.c.lease_owner == owner)
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
    return _update(connection, numbers, owner, state=DeliveryState.READY.value) if numbers else 0


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
