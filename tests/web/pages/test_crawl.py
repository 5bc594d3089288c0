"""Every page that a link leads to, as everybody, in a browser: none refuses, none has a fault, none is hard to use."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page

from headgate.store.store import Store
from headgate.web.permissions import PAGES, Line, Who
from tests.web.pages.filled import filled_place
from tests.web.pages.pages_place import PEOPLE, serious
from tests.web.test_permissions import ROLE_OF, may

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MOST: Final = 34
"""Pages looked at by one person, those first that ask for nothing: of these two of each kind, of others one."""
NOT_LINKED: Final = {
    "/ui/static/{mark}/{name}",
    "/ui/live",
    "/ui/notifications/preview/shown",
    "/ui/jobs/{cluster}/{job_id:int}/output/more",
    "/ui/jobs/{cluster}/{job_id:int}/files/download",
    "/ui/builds/jobs/{number}",
}
"""Routes that pages reach otherwise than by a link that shows a page."""
_LINKS: Final = "[...document.querySelectorAll('a[href]:not([download])')].map(one => one.href)"


_ROUTES: Final = {
    line.path: re.compile(
        re.sub(r"\\\{\w+(:int)?\\\}", lambda found: "[0-9]+" if found[1] else "[^/]+", re.escape(line.path))
    )
    for line in PAGES
    if line.method == "GET"
}


def route_of(path: str) -> str:
    """Return the route of a page, of those that fit the one that is named most exactly."""
    fitting = [route for route, pattern in _ROUTES.items() if pattern.fullmatch(urlsplit(path).path)]
    return min(fitting, key=lambda route: route.count("{"), default=path)


def kind_of(path: str) -> tuple[str, str]:
    """Return what a page is one of: its route, and the names of what it is asked."""
    keys = {pair.partition("=")[0] for pair in urlsplit(path).query.split("&") if pair}
    return route_of(path), ",".join(sorted(keys))


def seen_by(line: Line, role: str) -> bool:
    """Whether somebody sees a page; of jobs and messages, only uma has some."""
    own = line.who in (Who.SIGNED_IN, Who.SELF) or (line.who is Who.OWNER and role == "user")
    return own or (line.others is not Who.OUTPUTS and may(line, ROLE_OF[role]))


async def look(page: Page, path: str) -> list[str]:
    """Look at a page; return what is wrong with it."""
    answer = await page.goto(path)
    if answer is None or answer.status != 200:
        return [f"{path}: {answer and answer.status}"]
    wrong = [f"{path}: {one}" for one in await serious(page)]
    await page.set_viewport_size({"width": 360, "height": 780})
    if await page.evaluate("document.documentElement.scrollWidth") > 360:
        wrong.append(f"{path}: is wider than a phone")
    await page.set_viewport_size({"width": 1280, "height": 900})
    return wrong


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", PEOPLE)
async def test_every_link_leads_to_a_page_that_may_be_seen_and_used(
    store: Store, tmp_path: Path, browser: Browser, role: str
) -> None:
    async with filled_place(store, tmp_path) as place, place.served() as origin:
        context = await place.browsing(browser, origin, role, color_scheme="dark" if role == "operator" else "light")
        page = await context.new_page()
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        plain, asking = deque(["/ui/"]), deque[str]()
        seen, looked = {"/ui/"}, dict[tuple[str, str], int]()
        while (plain or asking) and sum(looked.values()) < MOST:
            path = (plain or asking).popleft()
            kind = kind_of(path)
            if looked.get(kind, 0) == (1 if kind[1] else 2):
                continue
            looked[kind] = looked.get(kind, 0) + 1
            wrong += await look(page, path)
            for link in await page.evaluate(_LINKS):
                found = urlsplit(link)
                if f"{found.scheme}://{found.netloc}" != origin or "/static/" in found.path:
                    continue
                following = found.path + (f"?{found.query}" if found.query else "")
                if following not in seen:
                    seen.add(following)
                    (asking if found.query else plain).append(following)
        await context.close()
    assert wrong == []
    there = {
        line.path for line in PAGES if line.method == "GET" and line.who is not Who.ANYBODY and seen_by(line, role)
    }
    assert there - {route for route, _ in looked} == NOT_LINKED & there
