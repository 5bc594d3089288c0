from __future__ import annotations

import pytest

from headgate.model.role import Role, highest, lowest


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("needed", Role)
def test_a_role_may_do_what_the_ones_before_it_may(role: Role, needed: Role) -> None:
    ranks = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.ADMIN: 2}
    assert role.covers(needed) == (ranks[role] >= ranks[needed])


def test_the_highest_of_several_roles_counts_and_none_is_none() -> None:
    assert highest(Role.VIEWER, None, Role.ADMIN, Role.OPERATOR) is Role.ADMIN
    assert highest(None, None) is None


def test_the_lowest_of_several_roles_is_none_if_one_is() -> None:
    assert lowest(Role.ADMIN, Role.VIEWER) is Role.VIEWER
    assert lowest(Role.ADMIN, None) is None
    assert lowest() is None
