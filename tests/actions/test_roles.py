from __future__ import annotations

import grp
import pwd

import pytest

from headgate.actions.roles import Roles
from headgate.config.roles import Members, RolesSettings
from headgate.model.role import Role


async def test_nobody_has_a_role_unless_it_is_given_but_root() -> None:
    roles = Roles()
    assert await roles.of_user("daemon") is None
    assert roles.of_app("portal") is None
    assert await roles.of_user("root") is Role.ADMIN
    assert roles.of_rules is Role.ADMIN


async def test_the_highest_role_of_somebody_counts() -> None:
    roles = Roles(
        RolesSettings(viewer=Members(users=("daemon",), apps=("portal",)), operator=Members(users=("daemon",)))
    )
    assert await roles.of_user("daemon") is Role.OPERATOR
    assert roles.of_app("portal") is Role.VIEWER
    assert roles.of_app("daemon") is None
    assert await roles.of_user("portal") is None


async def test_unix_groups_give_roles_to_their_members() -> None:
    group = grp.getgrgid(pwd.getpwnam("daemon").pw_gid).gr_name
    roles = Roles(RolesSettings(operator=Members(groups=(group,))))
    assert await roles.of_user("daemon") is Role.OPERATOR
    assert await roles.of_user("bin") is None
    assert await roles.of_user("nobody-of-this-name") is None


@pytest.mark.parametrize(("groups", "role"), [(["hpc"], Role.VIEWER), (["hpc", "ops"], Role.ADMIN), (["daemon"], None)])
async def test_groups_of_a_token_give_roles_and_are_no_unix_groups(groups: list[str], role: Role | None) -> None:
    settings = RolesSettings(
        viewer=Members(oidc_groups=("hpc",)), operator=Members(groups=("daemon",)), admin=Members(oidc_groups=("ops",))
    )
    assert await Roles(settings).of_user("nobody-of-this-name", groups) is role
