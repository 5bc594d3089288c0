"""Executions of rules as they are shown and decided about over HTTP: the same on the API and on the local socket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Self

from fastapi import Depends, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from headgate.actions.caller import Caller
from headgate.actions.catalogue import Catalogue
from headgate.actions.desk import Desk
from headgate.actions.refusals import ParametersError
from headgate.actions.registry import read_parameters
from headgate.errors import NotFoundError
from headgate.model.event import JSON
from headgate.model.execution import ExecutionState
from headgate.model.right import Right
from headgate.model.role import Role
from headgate.rules.approval import Decision, Decisions, role_for
from headgate.rules.rule import Plan
from headgate.store import executions
from headgate.store.executions import Execution, ExecutionFilter, Try
from headgate.store.store import Store

_LARGEST: Final = 10**15
_WAITS: Final = frozenset({ExecutionState.APPROVAL, ExecutionState.ASKING})
Number = Annotated[int, Path(ge=1, lt=_LARGEST, description="An execution's number.")]
_MOST = 300
_NO_NUL = r"^[^\x00]*$"


async def _wanted(
    rule: Annotated[
        str | None, Query(max_length=_MOST, pattern=_NO_NUL, description="Only of this rule, `pack.name`.")
    ] = None,
    state: Annotated[ExecutionState | None, Query(description="Only in this state.")] = None,
    about: Annotated[
        str | None, Query(max_length=_MOST, pattern=_NO_NUL, description="Only about this, such as `node n4`.")
    ] = None,
    since: Annotated[float | None, Query(allow_inf_nan=False, description="Begun then or later, in seconds.")] = None,
    *,
    only_open: Annotated[bool, Query(alias="open", description="Only those that are not over.")] = False,
) -> ExecutionFilter:
    return ExecutionFilter(rule, state, about, only_open, since)


Wanted = Annotated[ExecutionFilter, Depends(_wanted)]
"""Which executions are listed."""


class ShownExecution(BaseModel):
    """An execution: one run of a rule. Times are seconds since the epoch."""

    id: int
    rule: str = Field(description="`pack.name` of the rule.")
    event: int = Field(description="The number of the event that began it.")
    about: str = Field(description="What that event is about, such as `node n4`.")
    state: ExecutionState
    reason: str = Field(description="Why it waits, or why it ended as it did.")
    step: str = Field(description="The next step, or the one that is being done.")
    steps: list[str] = Field(description="All its steps by name, with the action of each: `tell: notify.send`.")
    begun_at: float
    next_at: float | None = Field(
        description="When it is looked at next; with the state `approval`, until when it can be approved."
    )
    ended_at: float | None
    takes_role: Role | None = Field(
        description="The role it takes to approve or refuse it, if it waits for that; else null."
    )
    approved_by: str | None

    @classmethod
    def of(cls, one: Execution) -> Self:
        """Show an execution."""
        timed = not one.state.over and one.state not in {ExecutionState.RUNNING, ExecutionState.ASKING}
        return cls(
            id=one.id,
            rule=one.rule,
            event=one.event_id,
            about=one.subject,
            state=one.state,
            reason=one.reason,
            step=one.step,
            steps=[f"{step.name}: {step.ref}" for step in Plan.model_validate_json(one.plan).steps],
            begun_at=one.created_at,
            next_at=one.not_before if timed else None,
            ended_at=one.finished_at,
            takes_role=role_for(one) if one.state in _WAITS else None,
            approved_by=one.approved_by,
        )


class ShownTry(BaseModel):
    """One try of a step. `parameters` and `result` are null for whoever may not call the action."""

    step: str
    action: str
    attempt: int
    state: str
    error: str
    begun_at: float
    ended_at: float | None
    parameters: Any
    result: Any

    @classmethod
    def of(cls, one: Try, catalogue: Catalogue, caller: Caller) -> Self:
        """Show a try as far as a caller may see it; secrets nobody sees."""
        parameters, role = _given(one, catalogue)
        may = caller.may(role)
        return cls(
            step=one.name,
            action=one.ref,
            attempt=one.attempt,
            state=one.state.value,
            error=one.error,
            begun_at=one.started_at,
            ended_at=one.ended_at,
            parameters=parameters if may else None,
            result=one.result if may else None,
        )


class WholeExecution(ShownExecution):
    """An execution with every try of every step."""

    tries: list[ShownTry]


async def listed(store: Store, caller: Caller, wanted: ExecutionFilter, *, limit: int) -> list[ShownExecution]:
    """Show executions, oldest first; of more than ``limit`` the newest. Raises NotPermittedError."""
    caller.require(Right.SEE_AUTOMATION)
    found: Sequence[Execution] = await store.read(lambda connection: executions.find(connection, wanted, limit=limit))
    return [ShownExecution.of(one) for one in found]


async def whole(store: Store, desk: Desk, caller: Caller, number: int) -> WholeExecution:
    """Show all there is to know of one. Raises NotPermittedError and NotFoundError."""
    caller.require(Right.SEE_AUTOMATION)

    def work(connection: Connection) -> tuple[Execution | None, list[Try]]:
        return executions.get(connection, number), executions.tries_of(connection, number)

    one, tries = await store.read(work)
    if one is None:
        raise NotFoundError(f"there is no execution {number}")
    shown = [ShownTry.of(item, desk.actions.catalogue, caller) for item in tries]
    return WholeExecution(**ShownExecution.of(one).model_dump(), tries=shown)


async def decided(store: Store, caller: Caller, number: int, decision: Decision) -> ShownExecution:
    """Decide about an execution. Raises NotPermittedError, NotFoundError and DecisionError."""
    return ShownExecution.of(await Decisions(store).decide(number, decision, caller))


def _given(one: Try, catalogue: Catalogue) -> tuple[JSON, Role]:
    """Return a try's parameters without its secrets, and the role that its action takes."""
    try:
        action = catalogue.get(one.ref)
        given = one.parameters if isinstance(one.parameters, dict) else {}
        shown: JSON = read_parameters(action, given).model_dump(mode="json", exclude_unset=True)
    except (NotFoundError, ParametersError):
        return None, Right.ADMINISTER.role
    return shown, action.role
