"""Actions over REST: what there is, what each takes, and calling it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from headgate.actions.caller import Caller
from headgate.actions.desk import Desk
from headgate.gateway.refusals import UnavailableError
from headgate.model.right import Right
from headgate.web.actions import ActionCall, ActionName, ShownAction, ShownResult, called, shown
from headgate.web.api.asking import Asking, At
from headgate.web.api.callers import as_caller

router = APIRouter(prefix="/actions", tags=["actions"])


def desk_of(at: At) -> Desk:
    """Return what runs actions. Raises UnavailableError if nothing does."""
    if at.desk is None:
        raise UnavailableError("actions are not run here")
    return at.desk


TheDesk = Annotated[Desk, Depends(desk_of)]


async def caller_of(principal: Asking, desk: TheDesk) -> Caller:
    """Return who asks, with their role."""
    return await as_caller(principal, desk)


TheCaller = Annotated[Caller, Depends(caller_of)]


@router.get("")
async def list_actions(caller: TheCaller, desk: TheDesk) -> list[ShownAction]:
    """List the actions that this token may call. Takes a role."""
    return shown(desk, caller)


@router.get("/{name}")
async def show_action(name: ActionName, caller: TheCaller, desk: TheDesk) -> ShownAction:
    """Describe an action: what it takes and what it answers, as JSON Schemas. Takes a role."""
    caller.require(Right.SEE_ACTIONS)
    return ShownAction.of(desk.actions.catalogue.get(name))


@router.post("/{name}")
async def run_action(name: ActionName, call: ActionCall, caller: TheCaller, desk: TheDesk) -> ShownResult:
    """Run an action, and wait for its end. It takes the role that the action says."""
    return await called(desk, caller, name, call)
