"""What the routes work with: the store, the connectors there are, and who asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import HTTPException, Request
from sqlalchemy import Connection

from headgate.actions.desk import Desk
from headgate.bots.rates import Allowance, Rates
from headgate.config.local import LocalSettings
from headgate.model.recipient import Recipient
from headgate.notify.addresses import Addresses, Addressing, Refused
from headgate.notify.connector import Connector
from headgate.store import audit
from headgate.store.store import Store
from headgate.web.local.bodies import ShownConnector
from headgate.web.local.peer import Peer, user_name

VIA = "local socket"
_A_MINUTE = 120
"""Requests one user may make in a minute."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a Unix account of this host."""

    uid: int
    name: str


@dataclass(frozen=True, slots=True)
class LocalDesk:
    """Serves the users of this host. ``addressing``: what connectors say of whom they tell."""

    store: Store
    settings: LocalSettings
    connectors: Mapping[str, Connector]
    addressing: Mapping[str, Addressing]
    default_connector: str
    actions: Desk | None = None
    """Runs actions, for those who have a role."""
    clock: Callable[[], float] = time.time
    rates: Rates = field(default_factory=lambda: Rates(_A_MINUTE))

    def has_bot(self, name: str) -> bool:
        """Say whether chats can be linked in a connector."""
        return name in self.connectors and self.addressing.get(name, Addressing()).bot

    def require(self, name: str) -> None:
        """Refuse a connector that is not there, with those that are."""
        if name not in self.connectors:
            known = ", ".join(sorted(self.connectors)) or "none"
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no connector is called {name!r}; there are: {known}")

    def require_bot(self, name: str) -> None:
        """Refuse a connector in which chats cannot be linked, with those in which they can."""
        if not self.has_bot(name):
            able = ", ".join(sorted(filter(self.has_bot, self.connectors))) or "none"
            why = "has no bot" if name in self.connectors else "is not there"
            raise HTTPException(HTTPStatus.NOT_FOUND, f"the connector {name!r} {why}; chats can be linked in: {able}")

    def reach(self, connection: Connection, user: str) -> list[ShownConnector]:
        """Say of every connector whether it reaches a user who is not named but as a job's owner."""
        meant = [(Recipient(name, ""), user) for name in sorted(self.connectors)]
        known = Addresses.known(connection, self.connectors, self.addressing, meant)
        shown = []
        for recipient, owner in meant:
            found = known.of(recipient, owner)
            why = found.why if isinstance(found, Refused) else ""
            name = recipient.connector
            shown.append(ShownConnector(name=name, bot=self.has_bot(name), reaches=not why, why_not=why))
        return shown

    def record(self, connection: Connection, who: Asker, action: str, subject: str = "", detail: str = "") -> None:
        """Write into the audit log what somebody had done."""
        audit.record(
            connection,
            user=who.name,
            via=VIA,
            action=action,
            outcome="done",
            subject=subject,
            detail=detail,
            now=self.clock(),
        )


def desk_of(request: Request) -> LocalDesk:
    """Return the desk of the application a request is for."""
    desk = request.app.state.desk
    if not isinstance(desk, LocalDesk):
        raise TypeError(desk)
    return desk


async def asker_of(request: Request) -> Asker:
    """Return who asks, as the kernel knows them; refuse whoever has no name here, or asks too much."""
    peer = request.state.peer
    if not isinstance(peer, Peer):
        raise TypeError(peer)
    allowance = desk_of(request).rates.ask(peer.uid)
    if allowance is not Allowance.GO:
        raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, "that was very much at once; wait a minute")
    name = await asyncio.to_thread(user_name, peer.uid)
    if name is None:
        raise HTTPException(HTTPStatus.FORBIDDEN, f"the user id {peer.uid} has no account on this host")
    return Asker(peer.uid, name)
