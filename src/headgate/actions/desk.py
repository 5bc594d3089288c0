"""Where actions are asked for from outside: it knows what there is, who may what, and runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headgate.actions.action import Action
from headgate.actions.caller import Caller, CallerKind
from headgate.actions.registry import Actions
from headgate.actions.roles import Roles
from headgate.model.event import JSON

MOST_WHY = 500
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Actions, and who may call them."""

    actions: Actions
    roles: Roles

    async def on_local_socket(self, user: str) -> Caller:
        """Return a user of this host, whom the kernel named, as a caller."""
        return Caller(CallerKind.LOCAL_SOCKET, user, await self.roles.of_user(user), "local socket", user)

    async def in_chat(self, user: str, bot: str, identity: str) -> Caller:
        """Return a person in a chat, whose account is known by their link, as a caller."""
        return Caller(CallerKind.CHAT, user, await self.roles.of_user(user), f"bot {bot}", user, identity)


def described(action: Action[Any, Any]) -> Mapping[str, JSON]:
    """Return everything there is to know of an action, as JSON."""
    return {
        "name": action.name,
        "summary": action.summary,
        "description": action.description,
        "role": action.role.value,
        "mutating": action.mutating,
        "repeatable": action.repeatable,
        "aliases": list(action.aliases),
        "parameters": dict(action.parameters_schema),
        "result": dict(action.result_schema),
    }
