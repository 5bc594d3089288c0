"""What rules did, in figures: how many executions are in which state, and when each rule matched last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select, text

from headgate.model.execution import ExecutionState
from headgate.store.tables import executions

_OPEN: Final = text("state IN ('holding', 'approval', 'waiting', 'running', 'asking')")


@dataclass(frozen=True, slots=True)
class LastMatch:
    """The newest execution of a rule. ``at`` is in seconds since the epoch."""

    id: int
    subject: str
    state: ExecutionState
    at: float


def counts(connection: Connection, since: float) -> Mapping[str, Mapping[ExecutionState, int]]:
    """Count by rule and state: those that are not over, and those that were over since a time."""
    found: dict[str, dict[ExecutionState, int]] = {}
    for chosen in (_OPEN, executions.c.finished_at >= since):
        query = select(executions.c.rule, executions.c.state, func.count().label("many")).where(chosen)
        for row in connection.execute(query.group_by(executions.c.rule, executions.c.state)):
            found.setdefault(row.rule, {})[ExecutionState(row.state)] = row.many
    return found


def last_matches(connection: Connection, rules: Sequence[str]) -> dict[str, LastMatch]:
    """Return the newest execution of each of these rules that has one."""
    found: dict[str, LastMatch] = {}
    for rule in rules:
        query = (
            select(executions.c.id, executions.c.subject, executions.c.state, executions.c.created_at)
            .where(executions.c.rule == rule)
            .order_by(executions.c.id.desc())
            .limit(1)
        )
        row = connection.execute(query).first()
        if row is not None:
            found[rule] = LastMatch(row.id, row.subject, ExecutionState(row.state), row.created_at)
    return found
