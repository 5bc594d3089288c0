"""Who else is in a room: nobody, one person, or several."""

from __future__ import annotations

from headgate.connectors.matrix.homeserver import Homeserver
from headgate.connectors.matrix.rooms import Remembered

_LIMIT = 2 << 20
"""Octets of a list of members; a room with more than that is a crowd."""


class Company:
    """Remembers for minutes which rooms are private; ``changed`` when somebody came or went."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._private: Remembered[bool] = Remembered()

    def changed(self, room: str) -> None:
        """Take note that somebody came or went."""
        self._private.forget(room)

    async def is_private(self, room: str) -> bool:
        """Whether only one person and we read there, nobody else is invited, and nobody can come uninvited.

        Raises RefusedError when the homeserver does not answer; what it refuses to tell makes a room not private.
        """
        known = self._private.get(room)
        if known is None:
            known = await self._ask(room)
            self._private.keep(room, known)
        return known

    async def is_alone(self, room: str) -> bool:
        """Whether nobody but us is in the room. Raises RefusedError."""
        return await self._joined(room) == 1

    async def _ask(self, room: str) -> bool:
        if await self._joined(room) != 2:  # noqa: PLR2004 - the person and we
            return False
        invited = await self._homeserver.ask(
            "GET", "rooms", room, "members", query={"membership": "invite"}, limit=_LIMIT
        )
        rules = await self._homeserver.ask("GET", "rooms", room, "state", "m.room.join_rules")
        return invited.ok and invited.content.get("chunk") == [] and rules.content.get("join_rule") != "public"

    async def _joined(self, room: str) -> int:
        """Return how many are in the room; 0 if we are not told."""
        reply = await self._homeserver.ask("GET", "rooms", room, "joined_members", limit=_LIMIT)
        joined = reply.content.get("joined")
        return len(joined) if reply.ok and isinstance(joined, dict) else 0
