"""How the bot comes into rooms and goes out of them."""

from __future__ import annotations

import asyncio
import hashlib

import structlog

from headgate.connectors.matrix.answers import RefusedError, refused
from headgate.connectors.matrix.company import Company
from headgate.connectors.matrix.homeserver import Homeserver
from headgate.connectors.matrix.identifiers import is_room, server_of
from headgate.connectors.matrix.rendering import Content
from headgate.connectors.matrix.rooms import may_join
from headgate.connectors.matrix.settings import MatrixSettings
from headgate.connectors.matrix.speech import NO_ENCRYPTION, greeting
from headgate.connectors.matrix.sync import Invitation
from headgate.notify.connector import TryAgain

_log = structlog.get_logger(__name__)
_JOINING = 60.0
"""Seconds a join may take beyond the timeout: it may go through several servers."""
_ATTEMPTS = 4
_LONGEST_WAIT = 60.0
"""Seconds waited when the homeserver asks to slow down."""


async def say(homeserver: Homeserver, room: str, content: Content, about: str) -> None:
    """Say something once, in answer to the event or occasion ``about``. Waits if it is to. Raises RefusedError."""
    transaction = "bot-" + hashlib.sha256(f"{room} {about}".encode()).hexdigest()[:32]
    for attempt in range(1, _ATTEMPTS + 1):
        reply = await homeserver.ask("PUT", "rooms", room, "send", "m.room.message", transaction, content=content)
        if reply.ok:
            return
        outcome = refused(reply, homeserver.hide)
        if attempt == _ATTEMPTS or not isinstance(outcome, TryAgain) or outcome.after is None:
            raise RefusedError(outcome)
        await asyncio.sleep(min(outcome.after, _LONGEST_WAIT))


class Reception:
    """Follows invitations, declines others, and leaves rooms that are of no use. Its methods raise RefusedError."""

    def __init__(self, connector: str, settings: MatrixSettings, homeserver: Homeserver, company: Company) -> None:
        self._connector = connector
        self._settings = settings
        self._homeserver = homeserver
        self._company = company

    async def welcome(self, invitation: Invitation) -> None:
        """Join and greet, or decline with the reason; with ``join = "nobody"`` the invitation is left as it is."""
        ourselves = await self._homeserver.user()
        if self._settings.join == "nobody":
            return
        if not may_join(self._settings.join, invitation.by, ourselves):
            await self.leave(invitation.room, f"Only people of {server_of(ourselves)} can invite me.")
        elif invitation.encrypted:
            await self.leave(invitation.room, NO_ENCRYPTION)
        else:
            await self._join(invitation.room)

    async def leave_if_alone(self, room: str) -> None:
        """Leave and forget a room in which nobody else is left."""
        self._company.changed(room)
        if await self._company.is_alone(room):
            await self.leave(room)

    async def leave_empty_rooms(self) -> None:
        """Leave and forget all rooms in which nobody else is left."""
        reply = await self._homeserver.ask("GET", "joined_rooms")
        rooms = reply.content.get("joined_rooms")
        for room in rooms if reply.ok and isinstance(rooms, list) else ():
            if isinstance(room, str) and is_room(room):
                await self.leave_if_alone(room)

    async def leave(self, room: str, reason: str = "") -> None:
        """Leave a room or decline an invitation, with a reason that its members see; then forget it."""
        reply = await self._homeserver.ask("POST", "rooms", room, "leave", content={"reason": reason} if reason else {})
        if not reply.ok:
            raise RefusedError(refused(reply, self._homeserver.hide, "leaving a room"))
        await self._homeserver.ask("POST", "rooms", room, "forget", content={})
        self._company.changed(room)
        _log.info("matrix.bot_left", connector=self._connector, room=room, why=reason or "alone")

    async def _join(self, room: str) -> None:
        reply = await self._homeserver.ask("POST", "join", room, content={}, longer=_JOINING)
        if not reply.ok:
            raise RefusedError(refused(reply, self._homeserver.hide, "joining on an invitation"))
        _log.info("matrix.bot_joined", connector=self._connector, room=room)
        encryption = await self._homeserver.ask("GET", "rooms", room, "state", "m.room.encryption")
        if encryption.ok:
            await self.leave(room, NO_ENCRYPTION)
        elif encryption.code == "M_NOT_FOUND":
            membership = await self._own_membership(room)
            own = self._settings
            said = greeting(self._connector, room, own.bot.trigger, linked_only=own.linked_only)
            await say(self._homeserver, room, said, membership)

    async def _own_membership(self, room: str) -> str:
        """Return what this stay in the room is known by, so that each is greeted in once."""
        ourselves = await self._homeserver.user()
        query = {"dir": "b", "limit": "20", "filter": '{"types": ["m.room.member"]}'}
        reply = await self._homeserver.ask("GET", "rooms", room, "messages", query=query)
        chunk = reply.content.get("chunk")
        for event in chunk if isinstance(chunk, list) else ():
            if isinstance(event, dict) and event.get("state_key") == ourselves:
                return str(event.get("event_id"))
        return "joined"
