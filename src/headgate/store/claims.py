"""Claiming due deliveries: which ones a worker may send now, which are folded into a digest, which have to wait.

One claim is one transaction. Claims of one connector follow each other (they meet at its token bucket's row on
PostgreSQL, at the single writer on SQLite), so rates hold over any number of workers. ``plan`` decides, without I/O.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Select, exists, select, text, update

from headgate.model.delivery import DeliveryState, Priority
from headgate.store import journal
from headgate.store.dialect import insert_new, insert_rows, one_of
from headgate.store.tables import OPEN, buckets, deliveries


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connector may be given. ``rate``: messages a second (None: any number), ``burst``: at once.

    ``recipient_burst`` single messages go to one recipient, and one more every ``recipient_period`` seconds; what is
    over that is folded into digests of at most ``digest_size`` messages.
    """

    rate: float | None = None
    burst: int = 1
    recipient_burst: int = 10
    recipient_period: float = 60.0
    digest_size: int = 500


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that was leased to us."""

    id: int
    key: str
    attempts: int
    """Failed ones so far."""
    created_at: float
    message: str
    """A Message as JSON."""
    event_id: int = 0
    trace: str = ""
    """The trace of its event."""


@dataclass(slots=True, eq=False)
class Lease:
    """Until when, by the store's clock, what one claim brought is the claimer's; put off when it is renewed."""

    until: float = math.inf


@dataclass(frozen=True, slots=True)
class Bundle:
    """What becomes one message to one target: one delivery, or several folded into a digest."""

    target: str
    deliveries: tuple[Claimed, ...]
    lease: Lease = field(default_factory=Lease, compare=False)

    @property
    def key(self) -> str:
        """The idempotency key of the message."""
        if len(self.deliveries) == 1:
            return self.deliveries[0].key
        numbers = ",".join(str(number) for number in sorted(delivery.id for delivery in self.deliveries))
        return f"digest-{hashlib.sha256(numbers.encode()).hexdigest()[:40]}"


@dataclass(slots=True)
class Plan:
    """What to do with due deliveries: ids sent singly, ids folded per target, targets held until a time."""

    singles: list[int] = field(default_factory=list)
    digests: dict[str, list[int]] = field(default_factory=dict)
    held: dict[str, float] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    """What is left in the bucket of each target that was looked at."""

    @property
    def messages(self) -> int:
        """How many messages would go out."""
        return len(self.singles) + len(self.digests)


def plan(
    due: Mapping[str, Sequence[int]],
    tokens: Mapping[str, float],
    limits: Limits,
    now: float,
    fold: Collection[int] = (),
) -> Plan:
    """Decide about due deliveries (target -> ids, first to go first), given what each target's bucket holds now.

    Those in ``fold`` go out in a digest in any case.
    """
    result = Plan()
    for target, numbers in due.items():
        allowed = int(tokens[target])
        folded = [number for number in numbers if number in fold]
        single = [number for number in numbers if number not in fold] if folded else list(numbers)
        messages = len(single) + (1 if folded else 0)
        if messages > allowed:
            folded = single[max(allowed - 1, 0) :] + folded
            single = single[: max(allowed - 1, 0)]
            messages = allowed
        result.tokens[target] = tokens[target] - messages
        if allowed == 0:
            result.held[target] = now + (1 - tokens[target]) * limits.recipient_period
            continue
        result.singles.extend(single)
        if folded:
            result.digests[target] = folded
    return result


def refilled(tokens: float, filled_at: float, now: float, *, per_second: float, burst: float) -> float:
    """Return what a token bucket holds now, given what it held at ``filled_at``."""
    return float(min(burst, tokens + max(0.0, now - filled_at) * per_second))


def claim(
    connection: Connection, connector: str, limits: Limits, *, owner: str, now: float, lease: float, most: int
) -> list[Bundle]:
    """Lease due deliveries of a connector to ``owner`` for ``lease`` seconds: at most ``most`` messages."""
    allowed = _connector_tokens(connection, connector, limits, now)
    if allowed is not None:
        most = min(most, int(allowed))
    if most < 1:
        return []
    due, fold = _first_due(connection, connector, now, most)
    if not due:
        return []
    decided = plan(due, _recipient_tokens(connection, connector, list(due), limits, now), limits, now, fold)
    single = set(decided.singles)
    for target, numbers in decided.digests.items():
        more = (
            _due(connection, connector, now)
            .where(deliveries.c.target == target)
            .order_by(None)
            .order_by(deliveries.c.priority, deliveries.c.not_before, deliveries.c.id)
            .limit(limits.digest_size + limits.recipient_burst)
        )
        others = [row.id for row in connection.execute(more) if row.id not in single]
        decided.digests[target] = list(dict.fromkeys(others + numbers))[: limits.digest_size]
    for target, until in decided.held.items():
        hold(connection, connector, target, until)
    _keep_tokens(connection, connector, decided.tokens, now)
    if allowed is not None:
        _keep_tokens(connection, connector, {"": allowed - decided.messages}, now)
    return _lease(connection, decided, owner, now + lease)


def hold(connection: Connection, connector: str, target: str, until: float) -> None:
    """Let nothing go to a target before ``until``."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.connector == connector, deliveries.c.target == target)
        .where(text("state = 'ready'"), deliveries.c.not_before < until)
        .values(not_before=until)
    )


def _first_due(connection: Connection, connector: str, now: float, most: int) -> tuple[dict[str, list[int]], set[int]]:
    """Return due deliveries by target, the more urgent first, at most so many; and which of them are to be folded.

    One query a priority: each is a range of the index, however many others wait for their time.
    """
    due: dict[str, list[int]] = {}
    fold: set[int] = set()
    found = 0
    for priority in Priority:
        if found < most:
            query = _due(connection, connector, now).where(deliveries.c.priority == priority.value)
            for number, target, folds in connection.execute(query.limit(most - found)):
                due.setdefault(target, []).append(number)
                found += 1
                if folds:
                    fold.add(number)
    return due, fold


def _due(connection: Connection, connector: str, now: float) -> Select[int, str, bool]:
    earlier = deliveries.alias("earlier")
    blocked = exists().where(
        earlier.c.lane == deliveries.c.lane,
        earlier.c.id < deliveries.c.id,
        text(OPEN.replace("state", "earlier.state")),
    )
    query = (
        select(deliveries.c.id, deliveries.c.target, deliveries.c.fold)
        .where(deliveries.c.connector == connector, deliveries.c.not_before <= now)
        .where(text("deliveries.state = 'ready'"), ~blocked)
        .order_by(deliveries.c.not_before, deliveries.c.id)
    )
    return query.with_for_update(skip_locked=True, of=deliveries) if connection.dialect.name == "postgresql" else query


def _connector_tokens(connection: Connection, connector: str, limits: Limits, now: float) -> float | None:
    """Return what the connector's bucket holds; on PostgreSQL, wait for other claims of the same connector."""
    name = _bucket(connector, "")
    if connection.dialect.name == "postgresql":
        fresh = insert_new(connection, buckets).values(name=name, tokens=float(limits.burst), filled_at=now)
        connection.execute(fresh.on_conflict_do_nothing())
    query = select(buckets.c.tokens, buckets.c.filled_at).where(buckets.c.name == name).with_for_update()
    row = connection.execute(query).first()
    if limits.rate is None:
        return None
    if row is None:
        return float(limits.burst)
    return refilled(row.tokens, row.filled_at, now, per_second=limits.rate, burst=max(1, limits.burst))


def _recipient_tokens(
    connection: Connection, connector: str, targets: Sequence[str], limits: Limits, now: float
) -> dict[str, float]:
    tokens = dict.fromkeys(targets, float(limits.recipient_burst))
    names = {_bucket(connector, target): target for target in targets}
    query = select(buckets).where(one_of(connection, buckets.c.name, list(names)))
    for name, left, filled_at in connection.execute(query):
        tokens[names[name]] = refilled(
            left, filled_at, now, per_second=1 / limits.recipient_period, burst=limits.recipient_burst
        )
    return tokens


def _keep_tokens(connection: Connection, connector: str, tokens: Mapping[str, float], now: float) -> None:
    if not tokens:
        return
    statement = insert_new(connection, buckets)
    changed = {"tokens": statement.excluded.tokens, "filled_at": statement.excluded.filled_at}
    rows = [
        {"name": _bucket(connector, target), "tokens": left, "filled_at": now}
        for target, left in sorted(tokens.items())
    ]
    insert_rows(connection, statement.on_conflict_do_update(index_elements=["name"], set_=changed), rows)


def _bucket(connector: str, target: str) -> str:
    return f"{connector}:{target}"


def _lease(connection: Connection, decided: Plan, owner: str, until: float) -> list[Bundle]:
    numbers = [*decided.singles, *(number for folded in decided.digests.values() for number in folded)]
    if not numbers:
        return []
    columns = deliveries.c
    rows = list(
        connection.execute(
            update(deliveries)
            .where(one_of(connection, columns.id, numbers))
            .values(state=DeliveryState.SENDING.value, lease_owner=owner, lease_until=until)
            .returning(
                columns.id,
                columns.key,
                columns.attempts,
                columns.created_at,
                columns.message,
                columns.event_id,
                columns.target,
            )
        )
    )
    traces = journal.traces(connection, {row.event_id for row in rows})
    claimed: dict[int, tuple[str, Claimed]] = {}
    for number, key, attempts, created_at, message, event_id, target in rows:
        claimed[number] = (
            target,
            Claimed(number, key, attempts, created_at, message or "", event_id, traces.get(event_id, "")),
        )
    lease = Lease(until)
    singles = [Bundle(claimed[number][0], (claimed[number][1],), lease) for number in decided.singles]
    digests = [
        Bundle(target, tuple(claimed[number][1] for number in numbers), lease)
        for target, numbers in decided.digests.items()
    ]
    return singles + digests
