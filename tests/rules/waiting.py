"""Executions that wait for somebody, put into a store."""

from __future__ import annotations

from typing import Any

from headgate.actions.caller import Caller, CallerKind
from headgate.events.journal import Journal
from headgate.model.event import Event, EventKind, Source
from headgate.model.execution import ExecutionState
from headgate.model.role import Role
from headgate.rules.rule import Approval, Plan, Step
from headgate.store import executions
from headgate.store.executions import NewExecution
from headgate.store.store import Store

UNTIL = 4_000_000_000.0


async def waiting(
    store: Store,
    state: ExecutionState = ExecutionState.APPROVAL,
    *,
    key: str = "k",
    role: Role = Role.OPERATOR,
    until: float = UNTIL,
    **changed: Any,
) -> int:
    """Put an execution into the store that wants the approval of a role; return its number."""
    step = Step(name="action", ref="wall.paint", parameters={"walls": ["north"]})
    plan = Plan(steps=(step,), approval=Approval(role=role, ask=("slack:#ops",)))
    event = Event(f"event {key}", EventKind("node.down"), 1e9, "node n4", Source.WATCHER, "alpha", data={"node": "n4"})
    numbers = await store.write(lambda connection: Journal().append(connection, [event]))
    values: dict[str, Any] = {
        "key": key,
        "rule": "site.drain",
        "event_id": next(iter(numbers.values())),
        "subject": "node n4",
        "per": "node n4",
        "state": state,
        "not_before": until,
        "step": "action",
        "plan": plan.model_dump_json(),
        "payload": {},
        "role": "admin",
        "reason": "wants the approval of the role operator: wall.paint",
    }
    new = NewExecution(**(values | changed))
    number = await store.write(lambda connection: executions.add(connection, new, 1e9))
    assert number is not None
    return number


def caller(name: str = "ada", role: Role | None = Role.OPERATOR) -> Caller:
    """Return somebody who calls by the API."""
    return Caller(CallerKind.PERSON, name, role, "api oidc", name, "192.0.2.1")
