"""Actions on the local socket: for users of this host who have a role."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from headgate.actions.caller import Caller
from headgate.actions.desk import Desk
from headgate.errors import NotFoundError
from headgate.web.actions import ActionCall, ActionName, ShownAction, ShownResult, called, shown
from headgate.web.local.desk import Asker, LocalDesk, asker_of, desk_of

router = APIRouter(prefix="/actions")


def actions_of(at: Annotated[LocalDesk, Depends(desk_of)]) -> Desk:
    """Return what runs actions. Raises NotFoundError if nothing does."""
    if at.actions is None:
        raise NotFoundError("actions are not run here")
    return at.actions


TheDesk = Annotated[Desk, Depends(actions_of)]


async def caller_of(who: Annotated[Asker, Depends(asker_of)], desk: TheDesk) -> Caller:
    """Return who asks, with their role."""
    return await desk.on_local_socket(who.name)


TheCaller = Annotated[Caller, Depends(caller_of)]


@router.get("")
async def list_actions(caller: TheCaller, desk: TheDesk) -> list[ShownAction]:
    """List the actions that the asker may call."""
    return shown(desk, caller)


@router.post("/{name}")
async def run_action(name: ActionName, call: ActionCall, caller: TheCaller, desk: TheDesk) -> ShownResult:
    """Run an action, and wait for its end."""
    return await called(desk, caller, name, call)
