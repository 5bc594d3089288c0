"""Settings of who may have Headgate act on the cluster."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from pydantic import Field, StringConstraints

from headgate.config.section import Section
from headgate.model.role import Role

_Name = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class People(Section):
    """Some people."""

    users: tuple[_Name, ...] = Field((), description="Unix accounts, also by chat and by OpenID Connect.")
    groups: tuple[_Name, ...] = Field((), description="Unix groups, all of their members.")
    oidc_groups: tuple[_Name, ...] = Field(
        (), description="Groups that an OpenID Connect provider names (`groups_claim`)."
    )

    @property
    def everybody(self) -> bool:
        """Whether nobody is named."""
        return not (self.users or self.groups or self.oidc_groups)

    def hold(self, user: str, groups: Collection[str], oidc_groups: Collection[str]) -> bool:
        """Whether somebody is among them, given the Unix groups they are in and those the provider names."""
        return (
            user in self.users
            or not set(groups).isdisjoint(self.groups)
            or not set(oidc_groups).isdisjoint(self.oidc_groups)
        )


class Members(People):
    """Who has a role."""

    apps: tuple[_Name, ...] = Field((), description="Apps of the gateway, by name.")


class RolesSettings(Section):
    """Who may have Headgate act on the cluster. A role may do what the ones before it may; without any, nobody may.

    root, whoever can open the store, and administrators' tokens of the gateway may do everything.
    """

    viewer: Members = Field(default_factory=Members, description="Who may look.")
    operator: Members = Field(default_factory=Members, description="Who may act on nodes, reservations and jobs.")
    admin: Members = Field(default_factory=Members, description="Who may do everything.")
    rules: Role = Field(Role.ADMIN, description="What rules may do: a role.")

    def members(self, role: Role) -> Members:
        """Return who was given a role itself."""
        found: Members = getattr(self, role.value)
        return found
