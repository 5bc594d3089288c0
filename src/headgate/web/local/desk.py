"""What the routes work with: the store, the connectors there are, and who asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import HTTPException, Request

from headgate.actions.desk import Desk
from headgate.bots.rates import Allowance, Rates
from headgate.config.local import LocalSettings
from headgate.notify.addresses import Addressing
from headgate.notify.connector import Connector
from headgate.store.store import Store
from headgate.web.local.peer import Peer, user_name
from headgate.web.own import Own, Who

VIA = "local socket"
_A_MINUTE = 120
"""Requests one user may make in a minute."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a Unix account of this host."""

    uid: int
    name: str

    @property
    def own(self) -> Who:
        """Whose things they ask for, as the audit log names them."""
        return Who(self.name, VIA)


@dataclass(frozen=True, slots=True)
class SignInLinks:
    """Links that sign people in to the pages. ``origin``: where these are; ``lifetime``: seconds a link is good."""

    origin: str
    lifetime: float


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
    sign_in: SignInLinks | None = None
    """How people sign in to the pages from here; None: they do not."""
    clock: Callable[[], float] = time.time
    rates: Rates = field(default_factory=lambda: Rates(_A_MINUTE))

    @property
    def own(self) -> Own:
        """What serves people with their own."""
        lifetime = self.settings.code_lifetime
        return Own(self.connectors, self.addressing, self.default_connector, lifetime, self.clock)


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
