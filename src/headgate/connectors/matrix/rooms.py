"""Whether a room may be written to: its id, our standing in it, that it is not encrypted. Remembered for minutes."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Generic, TypeVar

from headgate.connectors.matrix.answers import RefusedError, refused
from headgate.connectors.matrix.homeserver import Homeserver
from headgate.connectors.matrix.identifiers import is_room, server_of
from headgate.connectors.matrix.settings import Join
from headgate.connectors.matrix.standing import Standing, filter_for, standing_in
from headgate.model.delivery import Reason
from headgate.notify.connector import GiveUp, TryAgain

ENCRYPTED = (
    "the room is end-to-end encrypted, and Headgate does not write there: "
    "use a room made with encryption switched off (it cannot be switched off later)"
)
_KEPT = 300.0
"""Seconds what is remembered is believed."""
_PLAIN = 120.0
"""Seconds a room is believed not to be encrypted."""
_MOST = 4096
_SYNC_LIMIT = 4 << 20
"""Octets of an answer about our standing: it holds all open invitations too."""
V = TypeVar("V")


class Remembered(Generic[V]):
    """Some thousand values, each for some minutes."""

    def __init__(self, seconds: float = _KEPT) -> None:
        self._seconds = seconds
        self._kept: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def get(self, key: str) -> V | None:
        """Return what is kept, if it is still good."""
        until, value = self._kept.get(key, (0.0, None))
        return value if time.monotonic() < until else None

    def keep(self, key: str, value: V) -> None:
        """Keep a value; the oldest goes if there are too many."""
        self._kept.pop(key, None)
        self._kept[key] = (time.monotonic() + self._seconds, value)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def forget(self, key: str) -> None:
        """Believe it no longer."""
        self._kept.pop(key, None)


def may_join(join: Join, by: str, ourselves: str) -> bool:
    """Whether the settings follow an invitation of ``by``. Pure."""
    return join == "anybody" or (join == "local" and bool(by) and server_of(by) == server_of(ourselves))


class Rooms:
    """What one account knows of the rooms it writes to."""

    def __init__(self, homeserver: Homeserver, join: Join) -> None:
        self._homeserver = homeserver
        self._join = join
        self._aliases: Remembered[str] = Remembered()
        self._plain: Remembered[bool] = Remembered(_PLAIN)

    async def ready(self, target: str) -> str:
        """Return the id of a room that may be written to, joining it if we are invited. Raises RefusedError."""
        room = target if is_room(target) else await self._resolve(target)
        if self._plain.get(room):
            return room
        if not await self._has_plain_text(room):
            await self.enter(room)
            if not await self._has_plain_text(room):
                raise RefusedError(
                    TryAgain(Reason.SERVICE_ERROR, "the homeserver does not tell whether the room is encrypted")
                )
        self._plain.keep(room, True)
        return room

    async def enter(self, room: str) -> None:
        """Join a room that has refused us, if we are invited and may. Raises RefusedError with the reason if not.

        Does nothing if we are in the room: the bot may have joined a moment ago.
        """
        self._plain.forget(room)
        ourselves = await self._homeserver.user()
        standing = await self._standing(room, ourselves)
        if standing.membership == "join":
            return
        if standing.membership == "invite" and standing.encrypted:
            raise RefusedError(GiveUp(Reason.TARGET_REFUSED, ENCRYPTED))
        if standing.membership != "invite" or not may_join(self._join, standing.by, ourselves):
            raise RefusedError(GiveUp(Reason.TARGET_REFUSED, await self._why(standing)))
        reply = await self._homeserver.ask("POST", "join", room, content={})
        if not reply.ok:
            raise RefusedError(refused(reply, self._homeserver.hide, "joining on the invitation"))

    async def why_silent(self, room: str) -> RefusedError:
        """Return why a room we are in does not let us speak."""
        reply = await self._homeserver.ask("GET", "rooms", room, "state", "m.room.tombstone")
        successor = reply.content.get("replacement_room") if reply.ok else None
        why = "the bot is in the room and not allowed to speak there (power level)"
        if isinstance(successor, str) and is_room(successor):
            why = f"the room was replaced by {successor}"
        return RefusedError(GiveUp(Reason.TARGET_REFUSED, self._homeserver.hide(why)))

    async def _resolve(self, alias: str) -> str:
        if known := self._aliases.get(alias):
            return known
        reply = await self._homeserver.ask("GET", "directory", "room", alias)
        room = reply.content.get("room_id")
        if not reply.ok or not isinstance(room, str) or not is_room(room):
            raise RefusedError(refused(reply, self._homeserver.hide, "looking the alias up"))
        self._aliases.keep(alias, room)
        return room

    async def _has_plain_text(self, room: str) -> bool:
        """Whether the room is known not to be encrypted; False if we are not let in. Raises RefusedError."""
        reply = await self._homeserver.ask("GET", "rooms", room, "state", "m.room.encryption")
        if reply.ok:
            raise RefusedError(GiveUp(Reason.TARGET_REFUSED, ENCRYPTED))
        if reply.code == "M_NOT_FOUND":
            return True
        if reply.code == "M_FORBIDDEN":
            return False
        raise RefusedError(refused(reply, self._homeserver.hide, "asking whether the room is encrypted"))

    async def _standing(self, room: str, ourselves: str) -> Standing:
        reply = await self._homeserver.snapshot(filter_for(room), _SYNC_LIMIT)
        if reply.ok:
            return standing_in(room, ourselves, reply.content)
        outcome = refused(reply, self._homeserver.hide, "asking for our membership")
        if isinstance(outcome, GiveUp):  # such as an id that no room can have
            return Standing("none")
        raise RefusedError(outcome)

    async def _why(self, standing: Standing) -> str:
        by, reason = standing.by, f": {standing.reason}" if standing.reason else ""
        match standing.membership:
            case "invite":
                why = f"the bot is invited by {by} and may not join (setting `join`)"
            case "ban":
                why = f"the bot is banned from the room by {by}{reason}"
            case "leave" if by and by != await self._homeserver.user():
                why = f"the bot was removed from the room by {by}{reason}"
            case "leave":
                why = "the bot has left the room: invite it again"
            case _:
                why = "the bot is not in the room and was never invited, or there is no such room"
        return self._homeserver.hide(why)
