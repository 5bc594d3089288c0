"""Actions over REST: what there is, what each takes, and calling it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from headgate.actions.caller import Caller, CallerKind
from headgate.actions.desk import Desk
from headgate.actions.refusals import NotPermittedError
from headgate.gateway.apps import Principal
from headgate.gateway.refusals import UnavailableError
from headgate.model.role import Role, lowest
from headgate.web.actions import ActionCall, ActionName, ShownAction, ShownResult, called, shown
from headgate.web.api.asking import OIDC, Asking, At

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


async def as_caller(principal: Principal, desk: Desk) -> Caller:
    """Return a principal as a caller.

    An administrator's token may do everything, and an app what its role allows. A token that is good for one user
    only allows no more than both the app and the user may.
    """
    app, user, roles = principal.app, principal.user, desk.roles
    origin = f"token {principal.token} at {principal.address}"
    if app is None:
        return Caller(CallerKind.APP, f"token {principal.token}", Role.ADMIN, principal.via, origin=origin)
    if user is None:
        return Caller(CallerKind.APP, app.name, roles.of_app(app.name), principal.via, origin=origin)
    own = await roles.of_user(user, principal.groups)
    if principal.token == OIDC:
        return Caller(CallerKind.PERSON, user, own, "api oidc", user, f"{principal.address}")
    return Caller(CallerKind.APP, app.name, lowest(own, roles.of_app(app.name)), principal.via, user, origin)


@router.get("")
async def list_actions(caller: TheCaller, desk: TheDesk) -> list[ShownAction]:
    """List the actions that this token may call. Takes a role."""
    return shown(desk, caller)


@router.get("/{name}")
async def show_action(name: ActionName, caller: TheCaller, desk: TheDesk) -> ShownAction:
    """Describe an action: what it takes and what it answers, as JSON Schemas. Takes a role."""
    if caller.role is None:
        raise NotPermittedError(f"{caller.name} has no role; actions take one")
    return ShownAction.of(desk.actions.catalogue.get(name))


@router.post("/{name}")
async def run_action(name: ActionName, call: ActionCall, caller: TheCaller, desk: TheDesk) -> ShownResult:
    """Run an action, and wait for its end. It takes the role that the action says."""
    return await called(desk, caller, name, call)
