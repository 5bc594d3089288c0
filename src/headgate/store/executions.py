"""Executions' queries: what rules began, how far each came, and every try of every step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, insert, or_, select, text, update

from headgate.model.event import JSON
from headgate.model.execution import ExecutionState, TryState
from headgate.store.dialect import insert_new
from headgate.store.signals import Topic
from headgate.store.store import ring
from headgate.store.tables import events, execution_steps, executions

_DUE: Final = text("state IN ('holding', 'approval', 'waiting')")
_OPEN: Final = text("state IN ('holding', 'approval', 'waiting', 'running', 'asking')")
_OPEN_EXECUTIONS: Final = text("executions.state = 'running'")
_CHAIN: Final = 50
_DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class NewExecution:
    """An execution before it is written. ``plan`` is JSON; the other times and names are as in ``Execution``."""

    key: str
    rule: str
    event_id: int
    subject: str
    per: str
    state: ExecutionState
    not_before: float
    step: str
    plan: str
    payload: Mapping[str, JSON]
    role: str
    reason: str = ""
    cause: int | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a rule. Times in seconds since the epoch."""

    id: int
    key: str
    rule: str
    event_id: int
    subject: str
    per: str
    state: ExecutionState
    reason: str
    """Why it waits, or why it ended as it did."""
    not_before: float
    """When to look at it next."""
    step: str
    """The next step, or the one that is being done."""
    attempts: int
    """Tries of that step that failed."""
    approved_by: str | None
    cause: int | None
    depth: int
    plan: str
    payload: Mapping[str, JSON]
    results: Mapping[str, JSON]
    role: str
    created_at: float
    finished_at: float | None


@dataclass(frozen=True, slots=True)
class Try:
    """One try of a step."""

    id: int
    execution_id: int
    name: str
    ref: str
    attempt: int
    state: TryState
    parameters: JSON
    result: JSON
    error: str
    started_at: float
    ended_at: float | None


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """Which executions to read; ``open``: only those that are not over; ``before``: only lower numbers."""

    rule: str | None = None
    state: ExecutionState | None = None
    subject: str | None = None
    open: bool = False
    since: float | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of an execution. What is None stays as it was."""

    state: ExecutionState
    reason: str = ""
    not_before: float | None = None
    step: str | None = None
    attempts: int | None = None
    results: Mapping[str, JSON] | None = None
    approved_by: str | None = None
    finished_at: float | None = field(default=None)


def add(connection: Connection, new: NewExecution, now: float) -> int | None:
    """Write an execution; None if there is one for this rule and event already."""
    over = now if new.state.over else None
    values = {
        "key": new.key,
        "rule": new.rule,
        "event_id": new.event_id,
        "subject": new.subject,
        "per": new.per,
        "state": new.state.value,
        "reason": new.reason,
        "not_before": new.not_before,
        "step": new.step,
        "cause": new.cause,
        "depth": new.depth,
        "plan": new.plan,
        "payload": _dumped(new.payload),
        "results": "{}",
        "role": new.role,
        "created_at": now,
        "finished_at": over,
    }
    statement = insert_new(connection, executions).values(**values).on_conflict_do_nothing(index_elements=["key"])
    return connection.execute(statement.returning(executions.c.id)).scalar()


def change(connection: Connection, number: int, was: ExecutionState, to: Change) -> bool:
    """Change an execution, if it still is in the state it was seen in; say whether it was."""
    values: dict[str, Any] = {"state": to.state.value, "reason": to.reason}
    for name in ("not_before", "step", "attempts", "approved_by", "finished_at"):
        if getattr(to, name) is not None:
            values[name] = getattr(to, name)
    if to.results is not None:
        values["results"] = _dumped(to.results)
    statement = update(executions).where(executions.c.id == number, executions.c.state == was.value)
    changed = connection.execute(statement.values(**values)).rowcount == 1
    if changed:
        ring(connection, Topic.EXECUTIONS)
    return changed


def get(connection: Connection, number: int) -> Execution | None:
    """Read an execution."""
    row = connection.execute(select(executions).where(executions.c.id == number)).first()
    return None if row is None else _execution(row)


def find(connection: Connection, wanted: ExecutionFilter, *, limit: int) -> list[Execution]:
    """Read executions, oldest first; of more than ``limit`` the newest."""
    query = select(executions)
    if wanted.rule is not None:
        query = query.where(executions.c.rule == wanted.rule)
    if wanted.state is not None:
        query = query.where(executions.c.state == wanted.state.value)
    if wanted.subject is not None:
        query = query.where(executions.c.subject == wanted.subject)
    if wanted.open:
        query = query.where(_OPEN)
    if wanted.since is not None:
        query = query.where(executions.c.created_at >= wanted.since)
    if wanted.before is not None:
        query = query.where(executions.c.id < wanted.before)
    rows = list(connection.execute(query.order_by(executions.c.id.desc()).limit(limit)))
    return [_execution(row) for row in reversed(rows)]


def due(connection: Connection, now: float, limit: int) -> list[Execution]:
    """Read the executions that are to be looked at, those that have waited longest first."""
    query = select(executions).where(_DUE, executions.c.not_before <= now)
    query = query.order_by(executions.c.not_before, executions.c.id).limit(limit)
    return [_execution(row) for row in connection.execute(query)]


def next_due(connection: Connection) -> float | None:
    """Return when the next execution is to be looked at."""
    return connection.execute(select(func.min(executions.c.not_before)).where(_DUE)).scalar()


def in_state(connection: Connection, state: ExecutionState, *, rule: str | None = None) -> list[Execution]:
    """Read the open executions in a state."""
    query = select(executions).where(_OPEN, executions.c.state == state.value)
    if rule is not None:
        query = query.where(executions.c.rule == rule)
    return [_execution(row) for row in connection.execute(query.order_by(executions.c.id))]


def begun_of(connection: Connection, rule: str) -> int:
    """Count the executions of a rule that have begun and are not over."""
    begun = or_(
        executions.c.state.in_([ExecutionState.RUNNING.value, ExecutionState.ASKING.value]),
        and_(executions.c.state == ExecutionState.WAITING.value, executions.c.results != "{}"),
        and_(executions.c.state == ExecutionState.WAITING.value, executions.c.attempts > 0),
    )
    query = select(func.count()).select_from(executions).where(_OPEN, executions.c.rule == rule, begun)
    return int(connection.execute(query).scalar() or 0)


def count_since(connection: Connection, rule: str, per: str, since: float) -> int:
    """Count the executions of a rule, for the same thing, since a time; those that were left out do not count."""
    query = select(func.count()).select_from(executions)
    query = query.where(executions.c.rule == rule, executions.c.per == per, executions.c.created_at > since)
    query = query.where(executions.c.state != ExecutionState.SKIPPED.value)
    return int(connection.execute(query).scalar() or 0)


def last_event(connection: Connection, rule: str, per: str) -> int:
    """Return the number of the event of the newest execution of a rule for the same thing; 0 if there is none."""
    query = select(func.max(executions.c.event_id)).where(executions.c.rule == rule, executions.c.per == per)
    return int(connection.execute(query).scalar() or 0)


def has_open(connection: Connection, rule: str, per: str, state: ExecutionState) -> bool:
    """Say whether an execution of a rule for the same thing is in a state."""
    query = select(executions.c.id).where(_OPEN, executions.c.rule == rule, executions.c.per == per)
    return connection.execute(query.where(executions.c.state == state.value).limit(1)).first() is not None


def events_like(connection: Connection, event_id: int, since: float, after: int) -> list[int]:
    """Return the numbers of the events of the same kind as one, up to it, since a time and after a number."""
    kind = select(events.c.kind).where(events.c.id == event_id).scalar_subquery()
    query = select(events.c.id).where(events.c.kind == kind, events.c.id <= event_id, events.c.id > after)
    query = query.where(events.c.time >= since).order_by(events.c.id.desc()).limit(5000)
    return [row.id for row in connection.execute(query)]


def causes(
    connection: Connection, subject: str, node: str, at: float, settle: float, *, cluster: str
) -> list[Execution]:
    """Return the execution that may have brought about an event, with those that brought about its own: newest first.

    It was begun by an event of the same cluster, and a step of it touched the event's subject or node, and was at it at
    that time or less than ``settle`` seconds before.
    """
    steps = execution_steps.c
    about = or_(*(steps.touches.contains(f",{name},", autoescape=True) for name in (subject, node) if name))
    joined = executions.join(execution_steps, steps.execution_id == executions.c.id)
    joined = joined.join(events, and_(events.c.id == executions.c.event_id, events.c.cluster == cluster))
    query = (
        select(executions).select_from(joined).where(about, steps.started_at >= at - _DAY, steps.started_at <= at + 2)
    )
    query = query.where(or_(steps.ended_at.is_(None), steps.ended_at >= at - settle))
    row = connection.execute(query.order_by(steps.id.desc()).limit(1)).first()
    chain: list[Execution] = []
    while row is not None and len(chain) < _CHAIN:
        chain.append(_execution(row))
        cause = chain[-1].cause
        row = None if cause is None else connection.execute(select(executions).where(executions.c.id == cause)).first()
    return chain


def nodes_under_way(connection: Connection, cluster: str) -> frozenset[str]:
    """Return the nodes of the steps that are being done on a cluster."""
    query = select(execution_steps.c.touches).where(execution_steps.c.state == TryState.RUNNING.value)
    query = query.join(executions, executions.c.id == execution_steps.c.execution_id).where(_OPEN_EXECUTIONS)
    query = query.join(events, and_(events.c.id == executions.c.event_id, events.c.cluster == cluster))
    return frozenset(name for row in connection.execute(query) for name in row.touches.split(",") if name)


def begin_try(
    connection: Connection,
    execution: Execution,
    *,
    ref: str,
    parameters: JSON,
    touches: Sequence[str],
    now: float,
) -> int | None:
    """Write that the next step of an execution begins; return the try's number, or None if it is not waiting."""
    running = Change(ExecutionState.RUNNING)
    if not change(connection, execution.id, ExecutionState.WAITING, running):
        return None
    statement = insert(execution_steps).values(
        execution_id=execution.id,
        name=execution.step,
        ref=ref,
        attempt=execution.attempts + 1,
        state=TryState.RUNNING.value,
        parameters=_dumped(parameters),
        touches=f",{','.join(touches)}," if touches else "",
        started_at=now,
    )
    return connection.execute(statement.returning(execution_steps.c.id)).scalar()


def end_try(connection: Connection, number: int, state: TryState, *, result: JSON, error: str, now: float) -> None:
    """Write what came of a try."""
    connection.execute(
        update(execution_steps)
        .where(execution_steps.c.id == number)
        .values(state=state.value, result=_dumped(result), error=error, ended_at=now)
    )


def tries_of(connection: Connection, number: int) -> list[Try]:
    """Read every try of every step of an execution, in order."""
    query = select(execution_steps).where(execution_steps.c.execution_id == number).order_by(execution_steps.c.id)
    return [_try(row) for row in connection.execute(query)]


def _dumped(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)


def _execution(row: Row[Any]) -> Execution:
    value = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
    value["state"] = ExecutionState(value["state"])
    for name in ("payload", "results"):
        value[name] = json.loads(value[name])
    return Execution(**value)


def _try(row: Row[Any]) -> Try:
    value = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
    del value["touches"]
    value["state"] = TryState(value["state"])
    value["parameters"] = json.loads(value["parameters"])
    value["result"] = None if value["result"] is None else json.loads(value["result"])
    return Try(**value)
