"""Who has which role: by the settings, Unix groups, and groups of an OpenID Connect provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from headgate.config.roles import Members, RolesSettings
from headgate.executor.groups import groups_of
from headgate.model.role import Role

_ROOT: Final = "root"


class Roles:
    """Knows everybody's role. What somebody may is asked anew each time: nothing is remembered."""

    def __init__(self, settings: RolesSettings | None = None) -> None:
        self._settings = settings or RolesSettings()

    @property
    def of_rules(self) -> Role:
        """What rules may do."""
        return self._settings.rules

    def of_app(self, name: str) -> Role | None:
        """Return an app's role."""
        return self._highest(lambda members: name in members.apps)

    async def of_user(self, user: str, oidc_groups: Collection[str] = ()) -> Role | None:
        """Return the role of a Unix account, whose holder the provider says is in these groups, too."""
        if user == _ROOT:
            return Role.ADMIN
        every = [self._settings.members(role) for role in Role]
        groups = await asyncio.to_thread(groups_of, user) if any(one.groups for one in every) else frozenset()
        return self._highest(lambda members: members.hold(user, groups, oidc_groups))

    def _highest(self, has: Callable[[Members], bool]) -> Role | None:
        return next((role for role in reversed(Role) if has(self._settings.members(role))), None)
