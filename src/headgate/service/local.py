"""The local socket as a part: it is up whatever else is, and what keeps it from being up stops nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path

import structlog

from headgate.actions.desk import Desk
from headgate.config.settings import Settings
from headgate.errors import ConfigError
from headgate.notify.addresses import Addressing
from headgate.notify.connector import Connector
from headgate.service.supervisor import Part
from headgate.store.store import Store
from headgate.web.local.desk import LocalDesk, SignInLinks
from headgate.web.local.routes import make_local_app
from headgate.web.local.server import LocalServer

_log = structlog.get_logger(__name__)
_AGAIN = 30.0
"""Seconds until the socket is tried again when it cannot be had."""


def local_part(
    settings: Settings,
    store: Store,
    connectors: Mapping[str, Connector],
    addressing: Mapping[str, Addressing],
    actions: Desk | None = None,
) -> tuple[Part, ...]:
    """Make the part that answers ``headgate me``, ``action`` and ``login``; none if the settings switch it off."""
    local = settings.local
    if local.path is None:
        return ()
    default = settings.notify.default_connector
    desk = LocalDesk(store, local, connectors, addressing, default, actions, links_of(settings))
    socket = LocalSocket(desk, local.path)
    return (Part("local", socket.run, socket.stop),)


def links_of(settings: Settings) -> SignInLinks | None:
    """Return how people sign in to the pages from this host; None if that is switched off, or nobody serves pages."""
    own, address = settings.pages, settings.service.address
    if not own.links:
        return None
    if own.url:
        return SignInLinks(own.url, own.link_lifetime)
    if address is None or "pages" not in settings.service.parts or "http" not in settings.service.parts:
        return None
    host, port = address
    return SignInLinks(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}", own.link_lifetime)


class LocalSocket:
    """Answers on the local socket until it is stopped; tries again while the socket cannot be had."""

    def __init__(self, desk: LocalDesk, path: Path, *, again: float = _AGAIN) -> None:
        self._desk = desk
        self._path = path
        self._again = again
        self._stop = asyncio.Event()
        self._server: LocalServer | None = None

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()
        if self._server is not None:
            self._server.stop()

    async def run(self) -> None:
        """Answer until ``stop``. The socket is made only here: on a reload the one before has ended by then."""
        told = ""
        while not self._stop.is_set():
            try:
                self._server = LocalServer(make_local_app(self._desk), self._path)
            except ConfigError as error:
                if error.message != told:
                    _log.error("local.failed", error=error.message, again_seconds=self._again)
                told = error.message
                await self._rest()
                continue
            _log.info("local.listening", socket=str(self._path))
            await self._server.run()
            return

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._again):
                await self._stop.wait()
