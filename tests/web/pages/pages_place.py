"""The pages over a store of a test's own, with people of every role signed in to them, by HTTP and in a browser."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx2
from playwright.async_api import Browser, BrowserContext, Page
from starlette.types import ASGIApp

from headgate.notify.output import OutputReader
from headgate.service.wiring import Running, load_settings, make_running
from headgate.store import sessions
from headgate.store.store import Store
from headgate.web.app import Beside, make_app
from headgate.web.pages.application import make_pages
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import cookie_name
from headgate.web.server import WebServer
from tests.service.running import toml

ORIGIN: Final = "http://headgate.test"
MAILTO: Final = {"host": "127.0.0.1", "port": 1, "from_address": "slurm@example.org", "domain": "example.org"}
PEOPLE: Final = {"user": "uma", "viewer": "vera", "operator": "oscar", "admin": "anna"}
"""Role -> who has it; uma has none."""
ROLES: Final = {f"roles.{role}": {"users": [name]} for role, name in PEOPLE.items() if role != "user"}
AXE: Final = Path(__file__).parents[3] / ".counterparts/node_modules/axe-core/axe.min.js"
_CSRF: Final = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(slots=True)
class PagesPlace:
    """The pages of one configuration; its parts do not run."""

    store: Store
    running: Running
    app: ASGIApp

    @property
    def site(self) -> Site:
        """What the pages show."""
        assert self.running.site is not None
        return self.running.site

    async def session(self, user: str, groups: tuple[str, ...] = ()) -> str:
        """Sign somebody in; return what their cookie holds."""
        return await self.store.write(
            lambda c: sessions.begin(c, user, way="test", now=time.time(), lifetime=3600.0, groups=groups)
        )

    @asynccontextmanager
    async def client(self, role: str | None, groups: tuple[str, ...] = ()) -> AsyncIterator[Person]:
        """Look at the pages as whoever has a role (``user``: without one); None: as a stranger."""
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        cookies = httpx2.Cookies()
        if role is not None:
            value = await self.session(PEOPLE[role], groups)
            cookies.set(cookie_name(self.site), value, domain=ORIGIN.partition("//")[2])
        async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN, cookies=cookies) as client:
            yield Person(client)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve the pages on a port of this host; return their origin."""
        server = WebServer(self.app, "127.0.0.1", 0)
        running = asyncio.create_task(server.run())
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            server.stop()
            await running

    async def browsing(self, browser: Browser, origin: str, role: str | None, **options: Any) -> BrowserContext:
        """Return a browser context of whoever has a role, to be closed by the test."""
        context = await browser.new_context(base_url=origin, **options)
        if role is not None:
            await self.sign_in(context, origin, role)
        return context

    async def sign_in(self, context: BrowserContext, origin: str, role: str) -> None:
        """Sign a browser in, anew if it is."""
        value = await self.session(PEOPLE[role])
        await context.add_cookies([{"name": cookie_name(self.site), "value": value, "url": origin}])


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who looks at the pages without a browser."""

    http: httpx2.AsyncClient

    async def get(self, path: str, /, **query: str) -> httpx2.Response:
        """Ask for a page below ``/ui``."""
        return await self.http.get(f"/ui{path}", params=query)

    async def post(self, path: str, fields: Mapping[str, Any] | None = None, *, page: str = "/") -> httpx2.Response:
        """Send a form below ``/ui``, with the token that a page of theirs holds."""
        found = _CSRF.search((await self.get(page)).text)
        token = found[1] if found else ""
        return await self.http.post(f"/ui{path}", data={"csrf": token, **(fields or {})})


@asynccontextmanager
async def pages_place(
    store: Store, directory: Path, outputs: OutputReader | None = None, /, **tables: dict[str, Any]
) -> AsyncIterator[PagesPlace]:
    """Make the pages over a store.

    ``outputs``: what reads users' files instead; ``tables``: further settings, as ``{"pages": {"title": "Site"}}``.
    """
    path = directory / "headgate.toml"
    given: dict[str, dict[str, Any]] = {
        "store": {"url": store.url.set(drivername=store.url.get_backend_name()).render_as_string(hide_password=False)},
        "spool": {"path": str(directory)},
        "local": {"socket": "off"},
        "executor": {"socket": "off"},
        "connectors.mailto": MAILTO,
        **ROLES,
    }
    path.write_text(toml(given | tables))
    path.chmod(0o600)
    running = make_running(load_settings(path), store)
    if outputs is not None:
        assert running.site is not None
        running = replace(running, site=replace(running.site, outputs=outputs))

    async def ready() -> Mapping[str, str]:
        return {}

    async def backlog() -> Mapping[tuple[str, str], int]:
        return {}

    try:
        yield PagesPlace(store, running, Beside(make_app(ready, backlog), None, make_pages(lambda: running.site)))
    finally:
        await running.close()


async def serious(page: Page) -> list[str]:
    """Return what axe-core finds serious or critical on a page, one line each."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
        ".filter(one => ['serious', 'critical'].includes(one.impact))"
        ".flatMap(one => one.nodes.map(node => `${one.id}: ${node.html}`))"
    )
    assert isinstance(found, list)
    return [str(one) for one in found]
