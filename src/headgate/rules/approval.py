"""What people decide about executions: to approve one, to refuse it, to cancel it. Written once, for every way."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from headgate.actions.caller import Caller
from headgate.actions.refusals import NotPermittedError
from headgate.errors import HeadgateError, NotFoundError
from headgate.model.execution import ExecutionState
from headgate.model.right import Right
from headgate.model.role import Role
from headgate.model.text import one_line
from headgate.rules.course import over
from headgate.rules.rule import Plan
from headgate.store import audit, executions
from headgate.store.executions import Change, Execution
from headgate.store.store import Store

_ASKS: Final = frozenset({ExecutionState.APPROVAL, ExecutionState.ASKING})
_REASON: Final = 300


class Decision(enum.StrEnum):
    """What somebody decides about an execution."""

    APPROVE = "approve"
    """It goes on; or the step in whose middle Headgate ended is done again."""
    REFUSE = "refuse"
    """It wants approval, or asks, and does not get it: it is over."""
    CANCEL = "cancel"
    """It is over, whatever it waits for."""


_DONE: Final = {
    Decision.APPROVE: "approved",
    Decision.REFUSE: "refused",
    Decision.CANCEL: "cancelled",
}


class DecisionError(HeadgateError):
    """An execution is not one about which this can be decided, or not any more."""


def done_word(decision: Decision) -> str:
    """Return what an execution is after a decision: ``approved``."""
    return _DONE[decision]


def role_for(execution: Execution) -> Role:
    """Return the role that it takes to decide about an execution."""
    approval = Plan.model_validate_json(execution.plan).approval
    return Right.DECIDE.role if approval is None else approval.role


def decide(
    connection: Connection, number: int, decision: Decision, caller: Caller, now: float, *, why: str = ""
) -> Execution:
    """Decide about an execution, and write into the audit log who did, and why; return it as it is then.

    A step that is being done is not undone. Raises NotPermittedError, NotFoundError and DecisionError.
    """
    if caller.role is None:
        raise NotPermittedError(f"{caller.name} has no role; to decide about executions takes one")
    execution = _execution(connection, number)
    needed = role_for(execution)
    if not caller.may(needed):
        raise NotPermittedError(
            f"to {decision.value} execution {number} takes the role {needed.value}, and {caller.name} has it not"
        )
    why_not = _why_not(execution, decision, now)
    if why_not:
        raise DecisionError(why_not)
    by = caller.user or caller.name
    if not executions.change(connection, number, execution.state, _change(decision, by, now, why)):
        raise DecisionError(
            _why_not(_execution(connection, number), decision, now)
            or f"execution {number} has gone on in the meantime: look again"
        )
    _record(connection, number, decision, caller, now=now, execution=execution, why=why)
    return _execution(connection, number)


@dataclass(frozen=True, slots=True)
class Decisions:
    """Takes decisions from outside, and writes down those that were not allowed or came too late, too."""

    store: Store
    clock: Callable[[], float] | None = None
    """None: the store's."""

    async def decide(self, number: int, decision: Decision, caller: Caller, *, why: str = "") -> Execution:
        """Decide about an execution; return it as it is then. Raises what ``decide`` does, and StoreError."""
        now = (self.clock or self.store.clock.now)()
        try:
            return await self.store.write(lambda connection: decide(connection, number, decision, caller, now, why=why))
        except (NotPermittedError, NotFoundError, DecisionError) as error:
            why_not = error.message
            await self.store.write(
                lambda connection: _record(connection, number, decision, caller, now=now, why_not=why_not, why=why)
            )
            raise


def _change(decision: Decision, by: str, now: float, why: str) -> Change:
    told = one_line(why, _REASON)
    reason = f"{_DONE[decision]} by {by}{f': {told}' if told else ''}"
    if decision is Decision.APPROVE:
        return Change(ExecutionState.WAITING, reason, now, approved_by=by)
    return over(ExecutionState.CANCELLED, reason, now)


def _why_not(execution: Execution, decision: Decision, now: float) -> str:
    """Say why this cannot be decided about an execution now; nothing if it can."""
    state, number = execution.state, execution.id
    if decision is Decision.CANCEL:
        if state.over:
            return f"execution {number} is over already: {_standing(execution)}"
        if state is ExecutionState.RUNNING:
            return f"execution {number} is in the middle of {execution.step}: try again when that is over"
        return ""
    if state not in _ASKS:
        return f"execution {number} waits for nobody's approval: {_standing(execution)}"
    if decision is Decision.APPROVE and state is ExecutionState.APPROVAL and execution.not_before <= now:
        return f"it is too late for execution {number}: nobody approved it in time"
    return ""


def _standing(execution: Execution) -> str:
    """Say how an execution stands, and whose decision that was."""
    approved = f"{execution.approved_by} approved it, and " if execution.approved_by else ""
    reason = one_line(execution.reason, _REASON)
    return f"{approved}it is {execution.state.value}{f' ({reason})' if reason else ''}"


def _execution(connection: Connection, number: int) -> Execution:
    execution = executions.get(connection, number)
    if execution is None:
        raise NotFoundError(f"there is no execution {number}")
    return execution


def _record(
    connection: Connection,
    number: int,
    decision: Decision,
    caller: Caller,
    *,
    now: float,
    execution: Execution | None = None,
    why_not: str = "",
    why: str = "",
) -> None:
    """Write into the audit log what was decided about an execution, or that it was not, and why."""
    about = "" if execution is None else f" of {execution.rule}"
    details = (
        why_not,
        "" if execution is None else f"{execution.step} for {execution.subject}",
        f"why: {one_line(why, _REASON)}" if why else "",
        f"from {caller.origin}" if caller.origin else "",
    )
    audit.record(
        connection,
        user=caller.user,
        via=caller.via,
        action=f"execution.{decision.value}",
        subject=f"execution {number}{about}",
        outcome="refused" if why_not else "done",
        detail="; ".join(part for part in details if part),
        now=now,
    )
