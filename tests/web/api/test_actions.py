from __future__ import annotations

import pytest

from headgate.actions.caller import CallerKind
from headgate.actions.context import Context
from headgate.actions.desk import Desk
from headgate.actions.registry import Actions
from headgate.actions.roles import Roles
from headgate.config.roles import Members, RolesSettings
from headgate.gateway.apps import Principal
from headgate.model.app import App, AppRules
from headgate.model.role import Role
from headgate.store.store import Store
from headgate.web.api.callers import OIDC, as_caller

PORTAL = App("1", "portal", AppRules(), 0.0)
OTHER = App("2", "other", AppRules(), 0.0)
ROLES = Roles(
    RolesSettings(
        viewer=Members(users=("daemon",)),
        operator=Members(apps=("portal",), oidc_groups=("ops",)),
        admin=Members(users=("bin",)),
    )
)


@pytest.mark.parametrize(
    ("principal", "kind", "name", "role"),
    [
        (Principal(None, "first"), CallerKind.APP, "token first", Role.ADMIN),
        (Principal(PORTAL, "first"), CallerKind.APP, "portal", Role.OPERATOR),
        (Principal(OTHER, "first"), CallerKind.APP, "other", None),
        (Principal(PORTAL, "own", "daemon"), CallerKind.APP, "portal", Role.VIEWER),
        (Principal(PORTAL, "own", "bin"), CallerKind.APP, "portal", Role.OPERATOR),
        (Principal(PORTAL, "own", "sys"), CallerKind.APP, "portal", None),
        (Principal(OTHER, "own", "bin"), CallerKind.APP, "other", None),
        (Principal(OTHER, OIDC, "bin"), CallerKind.PERSON, "bin", Role.ADMIN),
        (Principal(PORTAL, OIDC, "sys"), CallerKind.PERSON, "sys", None),
        (Principal(PORTAL, OIDC, "sys", groups=frozenset({"ops"})), CallerKind.PERSON, "sys", Role.OPERATOR),
    ],
)
async def test_what_a_token_may(
    store: Store, principal: Principal, kind: CallerKind, name: str, role: Role | None
) -> None:
    caller = await as_caller(principal, Desk(Actions(Context(store)), ROLES))
    assert (caller.kind, caller.name, caller.role) == (kind, name, role)


async def test_the_audit_log_can_say_which_token_and_from_where(store: Store) -> None:
    principal = Principal(PORTAL, "own", "daemon", address="192.0.2.1")
    caller = await as_caller(principal, Desk(Actions(Context(store)), ROLES))
    assert (caller.via, caller.user, caller.origin) == ("api portal", "daemon", "token own at 192.0.2.1")
