"""Roles: what somebody may have Headgate do to the cluster."""

from __future__ import annotations

import enum


class Role(enum.StrEnum):
    """A role. Each may do what the ones before it may."""

    VIEWER = "viewer"
    """May look: nodes, jobs of everybody, the configuration."""
    OPERATOR = "operator"
    """May act on nodes, reservations, jobs and triggers, and have people told."""
    ADMIN = "admin"
    """May do everything there is."""

    def covers(self, needed: Role) -> bool:
        """Whether whoever has this role may do what takes ``needed``."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


def highest(*roles: Role | None) -> Role | None:
    """Return the role that may do most; None if there is none."""
    given = [role for role in roles if role is not None]
    return max(given, key=list(Role).index, default=None)


def lowest(*roles: Role | None) -> Role | None:
    """Return the role that may do least; None if one of them is none."""
    given = [role for role in roles if role is not None]
    return min(given, key=list(Role).index) if len(given) == len(roles) and given else None
