"""Actions for people in a chat of one connector."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from headgate.actions.casting import cast
from headgate.actions.desk import Desk
from headgate.bots.acting import Acted


@dataclass(frozen=True, slots=True)
class ChatActions:
    """Runs actions for linked people. ``bot``: the connector's name."""

    desk: Desk
    bot: str

    async def run(self, user: str, identity: str, name: str, given: Mapping[str, str], *, surely: bool) -> Acted:
        """Run an action with parameters as texts; without ``surely``, what changes something is only tried.

        Raises HeadgateError.
        """
        actions = self.desk.actions
        action = actions.catalogue.get(name)
        caller = await self.desk.in_chat(user, self.bot, identity)
        asks = action.mutating and not surely
        result = await actions.run(name, cast(action, dict(given)), caller, dry_run=asks)
        shown = (
            result.result if isinstance(result.result, str) else json.dumps(result.result, indent=1, ensure_ascii=False)
        )
        return Acted(shown, asks, result.error, recorded=action.mutating and surely)
