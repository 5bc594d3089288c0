"""Who calls an action: by which way, from where, and what they may."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from headgate.actions.refusals import NotPermittedError
from headgate.model.right import Right
from headgate.model.role import Role


class CallerKind(enum.StrEnum):
    """By which way an action is called."""

    COMMAND_LINE = "command line"
    """``headgate action run``, by somebody who can open the store."""
    LOCAL_SOCKET = "local socket"
    """``headgate action run``, by a user of this host whom the kernel names."""
    APP = "app"
    """A program, with an app's token or an administrator's."""
    PERSON = "person"
    """Somebody with a token of the OpenID Connect provider."""
    CHAT = "chat"
    """Somebody in a chat that is linked to their account."""
    RULE = "rule"
    """A rule."""
    PAGE = "page"
    """Somebody who has signed in to the pages."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. ``role``: what they may; None: nothing."""

    kind: CallerKind
    name: str
    """The person, the app or the rule."""
    role: Role | None
    via: str
    """By which way, for the audit log: ``command line``, ``api portal``, ``bot slack``, ``rule drain-flapping``."""
    user: str = ""
    """The Unix account; empty if there is none, or nobody knows it."""
    origin: str = ""
    """From where, for the audit log: an address, a token's name, an execution's number."""

    def may(self, needed: Role) -> bool:
        """Whether the caller may do what takes this role."""
        return self.role is not None and self.role.covers(needed)

    def has(self, right: Right) -> bool:
        """Whether the caller has a right."""
        return self.may(right.role)

    def noted(self, why: str = "") -> tuple[str, ...]:
        """Return what the audit log says besides who it is: why, and from where, as far as that is known."""
        return (*((f"why: {why}",) if why else ()), *((f"from {self.origin}",) if self.origin else ()))

    def require(self, right: Right) -> None:
        """Raise NotPermittedError unless the caller has a right."""
        if not self.has(right):
            raise NotPermittedError(f"{self.name} may not {right.words}; that takes the role {right.role}")


def on_command_line(user: str) -> Caller:
    """Return whoever can open the store themselves: they may do everything."""
    return Caller(CallerKind.COMMAND_LINE, user, Role.ADMIN, "command line", user)


def rule(name: str, role: Role, *, execution: str = "") -> Caller:
    """Return a rule as a caller; ``execution`` says which run of it."""
    return Caller(CallerKind.RULE, name, role, f"rule {name}", origin=execution)
