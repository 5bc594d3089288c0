"""Push as wake-up, as parts: the ways in that the settings open, and what passes hints on to the watchers."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Iterator

import structlog
from starlette.types import ASGIApp

from headgate.config.push import PushSettings
from headgate.errors import ConfigError
from headgate.events.journal import Journal
from headgate.events.sources.push.hint import Way
from headgate.events.sources.push.hints import Hints
from headgate.events.sources.push.sensor import Sensor
from headgate.events.sources.push.socket import HintSocket
from headgate.events.sources.push.triggers import KeptTriggers
from headgate.events.sources.standings import Standing, Standings
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.service.supervisor import Part
from headgate.slurm.client import SlurmClient
from headgate.slurm.operator import SlurmOperator
from headgate.slurm.rest.client import RestClient
from headgate.store.store import Store
from headgate.web.push import make_push_app
from headgate.web.server import WebServer

_log = structlog.get_logger(__name__)
_AGAIN = 30.0
"""Seconds until the address is tried again when it cannot be had."""


def push_parts(
    store: Store,
    journal: Journal,
    push: PushSettings,
    standings: Standings,
    client: SlurmClient | RestClient,
    *,
    keeper: RoleKeeper,
) -> Iterator[Part]:
    """Make what takes hints; nothing where no way in is open. ``client``: of the default cluster."""
    if push.path is None and push.address is None:
        return
    hints = Hints(store, {way: standings.of(way.value) for way in Way})
    yield Part("hints", hints.run, hints.stop)
    if push.path is not None:
        socket = HintSocket(push.path, push.users, hints.give, standings.of("hints"))
        yield Part("hint socket", socket.run, socket.stop)
        yield from _triggers(keeper, push, standings.of(Way.TRIGGERS.value), client)
    if push.address is None:
        return
    sensor = Sensor(store, journal, client.cluster_name, frozenset(push.sensor_uuids)) if push.sensor else None
    if sensor is not None:
        yield Part("sensor", sensor.run, sensor.stop)
    app = make_push_app(push.networks, hints.give, None if sensor is None else sensor.triggered)
    listener = PushListener(app, push.address, standings.of("listener"))
    yield Part("push listener", listener.run, listener.stop)


def _triggers(
    keeper: RoleKeeper, push: PushSettings, standing: Standing, client: SlurmClient | RestClient
) -> Iterator[Part]:
    if not push.triggers:
        return
    if not isinstance(client, SlurmClient):
        _log.warning("triggers.not_set", reason="slurm.driver is rest, and slurmrestd has no triggers")
        standing.failed("slurmrestd has no triggers: slurm.driver is rest")
        return
    triggers = SlurmOperator(client).triggers
    make = functools.partial(KeptTriggers, triggers, push.program, standing, interval=push.triggers_interval)
    keeping = Role(keeper, "triggers", make)
    yield Part("triggers", keeping.run, keeping.stop)


class PushListener:
    """Answers on its address until it is stopped; tries again while the address cannot be had."""

    def __init__(self, app: ASGIApp, address: tuple[str, int], standing: Standing, *, again: float = _AGAIN) -> None:
        self._app = app
        self._address = address
        self._standing = standing
        self._again = again
        self._stop = asyncio.Event()
        self._server: WebServer | None = None

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()
        if self._server is not None:
            self._server.stop()

    async def run(self) -> None:
        """Answer until ``stop``. The address is taken only here: on a reload the one before has ended by then."""
        while not self._stop.is_set():
            try:
                self._server = WebServer(self._app, *self._address)
            except ConfigError as error:
                if error.message != self._standing.problem:
                    _log.error("push.failed", error=error.message, again_seconds=self._again)
                self._standing.failed(error.message)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._again):
                        await self._stop.wait()
                continue
            self._standing.well()
            _log.info("push.listening", host=self._address[0], port=self._server.port)
            await self._server.run()
            return
