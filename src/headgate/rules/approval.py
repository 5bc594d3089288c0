"""What people decide about executions: to approve one, to have a step done again, to cancel."""

from __future__ import annotations

from sqlalchemy import Connection

from headgate.errors import HeadgateError, NotFoundError
from headgate.model.execution import ExecutionState
from headgate.model.role import Role
from headgate.rules.course import over
from headgate.rules.rule import Plan
from headgate.store import audit, executions
from headgate.store.executions import Change, Execution


class DecisionError(HeadgateError):
    """An execution is not one about which this can be decided."""


def approve(
    connection: Connection, number: int, *, by: str, via: str, now: float, role: Role | None = Role.ADMIN
) -> Execution:
    """Let an execution go on that wants approval, or have the step done again in whose middle Headgate ended.

    Raises NotFoundError and DecisionError.
    """
    execution = _execution(connection, number)
    if execution.state not in {ExecutionState.APPROVAL, ExecutionState.ASKING}:
        raise DecisionError(f"execution {number} waits for nobody's approval: it is {execution.state.value}")
    _check_role(execution, role)
    to = Change(ExecutionState.WAITING, f"approved by {by}", now, approved_by=by)
    _decide(connection, execution, to, action="execution.approve", by=by, via=via, now=now)
    return execution


def cancel(
    connection: Connection, number: int, *, by: str, via: str, now: float, role: Role | None = Role.ADMIN
) -> Execution:
    """End an execution. A step that is being done is not undone. Raises NotFoundError and DecisionError."""
    execution = _execution(connection, number)
    if execution.state.over:
        raise DecisionError(f"execution {number} is over already: it is {execution.state.value}")
    if execution.state is ExecutionState.RUNNING:
        raise DecisionError(f"execution {number} is in the middle of {execution.step}: try again when that is over")
    _check_role(execution, role)
    to = over(ExecutionState.CANCELLED, f"cancelled by {by}", now)
    _decide(connection, execution, to, action="execution.cancel", by=by, via=via, now=now)
    return execution


def _execution(connection: Connection, number: int) -> Execution:
    execution = executions.get(connection, number)
    if execution is None:
        raise NotFoundError(f"there is no execution {number}")
    return execution


def _check_role(execution: Execution, role: Role | None) -> None:
    approval = Plan.model_validate_json(execution.plan).approval
    needed = Role.OPERATOR if approval is None else approval.role
    if role is None or not role.covers(needed):
        raise DecisionError(f"that takes the role {needed.value}")


def _decide(
    connection: Connection, execution: Execution, to: Change, *, action: str, by: str, via: str, now: float
) -> None:
    if not executions.change(connection, execution.id, execution.state, to):
        raise DecisionError(f"execution {execution.id} has gone on in the meantime: look again")
    audit.record(
        connection,
        user=by,
        via=via,
        action=action,
        subject=f"execution {execution.id} of {execution.rule}",
        outcome="done",
        detail=f"{execution.step} for {execution.subject}",
        now=now,
    )
