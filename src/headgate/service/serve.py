"""The life of the service: read the settings, open the store, run the parts, stop when told."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import structlog
from sqlalchemy import text
from starlette.types import ASGIApp

from headgate.builds.incoming.intake import Intake
from headgate.config.build_remarks import remarks
from headgate.config.settings import Settings
from headgate.errors import HeadgateError, StoreError
from headgate.gateway.gateway import Gateway
from headgate.service import logs, systemd
from headgate.service.supervisor import Part, Supervisor
from headgate.service.telemetry import reported
from headgate.service.wiring import Running, load_settings, make_running, open_store
from headgate.store import deliveries, outcomes
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.web.api.application import make_api
from headgate.web.api.straight import Straight
from headgate.web.app import Beside, make_app
from headgate.web.pages.application import make_pages
from headgate.web.pages.site import Site
from headgate.web.server import WebServer
from headgate.web.tracing import Traced

_log = structlog.get_logger(__name__)


async def serve(path: Path | None = None) -> None:
    """Run the service until SIGTERM or SIGINT; SIGHUP reads the configuration again.

    Raises ConfigError or StoreError if it cannot start, and whatever a part failed with.
    """
    settings = load_settings(path)
    logs.configure(level=settings.logging.level, form=settings.logging.format)
    store = open_store(settings)
    try:
        store.hold_exclusively()
        await asyncio.to_thread(migrate, store)
        if store.sqlite:
            # Nobody else works on this store: what was leased, was leased by a process that is gone.
            await store.write(lambda connection: outcomes.expire(connection, time.time(), everybody=True))
        with reported(settings):
            await _Service(path, settings, store).run()
    finally:
        await asyncio.to_thread(store.close)


class _Service:
    """One run of the service: a new set of parts for every configuration it is given."""

    def __init__(self, path: Path | None, settings: Settings, store: Store) -> None:
        self._path = path
        self._settings = settings
        self._store = store
        self._supervisor: Supervisor | None = None
        self._stopping = False
        self._web: WebServer | None = None
        self._next: Running | None = None
        self._running: Running | None = None

    async def run(self) -> None:
        """Run until stopped."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        self._web = self._make_web()
        web = asyncio.create_task(self._serve_web(), name="http")
        beat = asyncio.create_task(_beat(), name="watchdog")
        try:
            self._next = make_running(self._bound(self._settings), self._store)
            while self._next is not None:
                running, self._next = self._next, None
                await self._run_parts(running, web)
                if self._next is not None:
                    _log.info("service.reloaded")
        finally:
            systemd.notify("STOPPING=1")
            if self._web is None:
                web.cancel()
            else:
                self._web.stop()
            beat.cancel()
            await asyncio.gather(web, beat, return_exceptions=True)

    async def _run_parts(self, running: Running, web: asyncio.Task[None]) -> None:
        parts = [*running.parts, _watch(web)]
        self._running = running
        self._supervisor = Supervisor(parts, deadline=self._settings.service.stop_deadline)
        _log.info(
            "service.started", parts=[part.name for part in running.parts], store=self._store.url.get_backend_name()
        )
        for remark in remarks(self._settings.builds):
            _log.warning("builds.remark", setting=".".join(map(str, remark.path)), remark=remark.text)
        systemd.notify("READY=1")
        try:
            await self._supervisor.run()
        finally:
            await running.close()

    def _stop(self) -> None:
        _log.info("service.stopping")
        self._stopping, self._next = True, None
        if self._supervisor is not None:
            self._supervisor.stop()

    def _reload(self) -> None:
        """Read the configuration again; a wrong one changes nothing."""
        if self._stopping:
            return
        try:
            settings = load_settings(self._path)
            following = make_running(self._bound(settings), self._store)
        except HeadgateError as error:
            _log.error("service.not_reloaded", error=error.message)
            return
        fixed = ("store", "logging", "telemetry")
        for section in fixed:
            if getattr(settings, section) != getattr(self._settings, section):
                _log.warning("service.needs_restart", section=section)
        if settings.service.listen != self._settings.service.listen:
            _log.warning("service.needs_restart", section="service.listen")
        self._settings, self._next = settings, following
        if self._supervisor is not None:
            self._supervisor.stop()

    def _make_web(self) -> WebServer | None:
        """Take the address at once: a service that cannot have it should not say that it is ready."""
        address = self._settings.service.address
        if address is None or "http" not in self._settings.service.parts:
            return None
        app: ASGIApp = make_app(self._readiness, self._backlog, self._intake)
        wanted = set(self._settings.service.parts)
        if wanted & {"api", "pages"}:
            api = Straight(make_api(self._gateway)) if "api" in wanted else None
            app = Beside(app, api, make_pages(self._site) if "pages" in wanted else None)
        server = WebServer(Traced(app), *address)
        _log.info("http.listening", host=address[0], port=server.port)
        return server

    def _bound(self, settings: Settings) -> Settings:
        """Return the settings with the port that is listened on, where they leave it to the system."""
        address = settings.service.address
        if self._web is None or address is None or address[1] != 0:
            return settings
        listen = settings.service.listen.removesuffix(":0") + f":{self._web.port}"
        return settings.model_copy(update={"service": settings.service.model_copy(update={"listen": listen})})

    def _gateway(self) -> Gateway | None:
        """Return the gateway of the configuration that is in force."""
        return None if self._running is None else self._running.gateway()

    def _site(self) -> Site | None:
        """Return what pages show in the configuration that is in force."""
        return None if self._running is None else self._running.site

    def _intake(self) -> Intake | None:
        """Return where webhooks go in the configuration that is in force."""
        return None if self._running is None else self._running.intake

    async def _serve_web(self) -> None:
        if self._web is None:
            await asyncio.Event().wait()
        else:
            await self._web.run()

    async def _readiness(self) -> Mapping[str, str]:
        try:
            async with asyncio.timeout(5):
                await self._store.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
        except StoreError as error:
            return {"store": error.message}
        except TimeoutError:
            return {"store": "does not answer within 5 s"}
        return {"service": "is stopping"} if self._stopping else {}

    async def _backlog(self) -> Mapping[tuple[str, str], int]:
        return await self._store.read(deliveries.backlog)


def _watch(web: asyncio.Task[None]) -> Part:
    """Make the HTTP server, which outlives a reload, one of the parts whose end stops the service."""
    stop = asyncio.Event()

    async def run() -> None:
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({web, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if web.done():
            web.result()

    return Part("http", run, stop.set)


async def _beat() -> None:
    """Tell systemd's watchdog that the event loop turns."""
    every = systemd.watchdog_seconds()
    while every is not None:
        systemd.notify("WATCHDOG=1")
        await asyncio.sleep(every)
