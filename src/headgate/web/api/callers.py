"""Principals as callers: what whoever holds a token may."""

from __future__ import annotations

from typing import Final

from headgate.actions.caller import Caller, CallerKind
from headgate.actions.desk import Desk
from headgate.gateway.apps import Principal
from headgate.model.role import Role, lowest

OIDC: Final = "oidc"
"""The token's name of those who come with one of the OpenID Connect provider only."""


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
