"""Settings of who may have Headgate act on the cluster."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from headgate.config.section import Section
from headgate.model.role import Role

_Name = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class Members(Section):
    """Who has a role."""

    users: tuple[_Name, ...] = Field((), description="Unix accounts, also by chat and by OpenID Connect.")
    groups: tuple[_Name, ...] = Field((), description="Unix groups, whose members have the role.")
    apps: tuple[_Name, ...] = Field((), description="Apps of the gateway, by name.")
    oidc_groups: tuple[_Name, ...] = Field(
        (), description="Groups that an OpenID Connect token names (`gateway.oidc.groups_claim`)."
    )


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
