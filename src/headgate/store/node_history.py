"""What became of one node: its events in the journal, and the executions of rules about it, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from headgate.model.execution import ExecutionState
from headgate.store import journal
from headgate.store.journal import Recorded
from headgate.store.tables import events, executions


@dataclass(frozen=True, slots=True)
class ExecutionAbout:
    """An execution in short. Times in seconds since the epoch."""

    id: int
    rule: str
    event_id: int
    state: ExecutionState
    reason: str
    created_at: float


def events_of(connection: Connection, cluster: str, name: str, *, before: int | None, limit: int) -> list[Recorded]:
    """Return the newest events of a node, newest first; ``before``: only those with lower numbers."""
    query = select(events.c.id).where(
        events.c.subject == f"node {name}", events.c.job_id.is_(None), events.c.cluster == cluster
    )
    if before is not None:
        query = query.where(events.c.id < before)
    numbers = [row.id for row in connection.execute(query.order_by(events.c.id.desc()).limit(limit))]
    return journal.get_many(connection, numbers)[::-1]


def executions_about(connection: Connection, cluster: str, name: str, *, limit: int) -> list[ExecutionAbout]:
    """Return the newest executions that events of a node began, newest first."""
    query = (
        select(
            executions.c.id,
            executions.c.rule,
            executions.c.event_id,
            executions.c.state,
            executions.c.reason,
            executions.c.created_at,
        )
        .join(events, events.c.id == executions.c.event_id)
        .where(executions.c.subject == f"node {name}", events.c.cluster == cluster)
        .order_by(executions.c.id.desc())
        .limit(limit)
    )
    return [
        ExecutionAbout(row.id, row.rule, row.event_id, ExecutionState(row.state), row.reason, row.created_at)
        for row in connection.execute(query)
    ]
