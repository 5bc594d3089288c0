"""What operators do to deliveries, with the line in the audit log: the same by the command line and by pages."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from headgate.model.delivery import Reason
from headgate.store import audit, deliveries
from headgate.store.tables import deliveries as table

_AT_ONCE: Final = 1000
_NAMED: Final = 20
"""Numbers that an entry of the log names."""


class Change(enum.StrEnum):
    """What becomes of deliveries."""

    RETRY = "retry"
    """They are tried again now."""
    DROP = "drop"
    """They are taken out of the queue."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who has it done, and by which way, for the audit log."""

    user: str
    via: str


def change(
    connection: Connection, what: Change, numbers: Sequence[int], who: Operator, *, why: str, now: float
) -> list[int]:
    """Change deliveries, and write it down; return which were. The others are not in a state for it.

    ``why`` is kept with those that are dropped.
    """
    if what is Change.RETRY:
        changed = deliveries.retry(connection, numbers, now)
    else:
        changed = deliveries.drop(connection, numbers, why, now)
    if numbers:
        left = len(numbers) - len(changed)
        detail = "; ".join(
            part
            for part in (
                why if what is Change.DROP else "",
                f"{left} left alone" if left else "",
                _named(changed) if len(numbers) > 1 else "",
            )
            if part
        )
        audit.record(
            connection,
            user=who.user,
            via=who.via,
            action=f"delivery {what}",
            subject=f"delivery {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} deliveries",
            outcome="done" if changed else "refused",
            detail=detail,
            now=now,
        )
    return changed


def fitting(connection: Connection, what: Change, numbers: Sequence[int]) -> int:
    """Return how many of these deliveries a change would change now."""
    states = deliveries.RETRIED if what is Change.RETRY else deliveries.DROPPED_FROM
    columns = table.c
    query = select(func.count()).where(columns.state.in_([state.value for state in states]))
    if what is Change.RETRY:
        query = query.where(columns.reason.is_distinct_from(Reason.BAD_RECEIVER.value))
    return sum(
        int(connection.execute(query.where(columns.id.in_(numbers[start : start + _AT_ONCE]))).scalar_one())
        for start in range(0, len(numbers), _AT_ONCE)
    )


def _named(numbers: Sequence[int]) -> str:
    """Return which were changed, as far as an entry has room."""
    return ", ".join(map(str, numbers[:_NAMED])) + (" …" if len(numbers) > _NAMED else "")
