"""Every page that a link leads to, as everybody, in a browser: none refuses, none has a fault, none is hard to use.

And every button on them: each does what it says, or says why it does not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Page

from headgate.store.store import Store
from headgate.web.permissions import PAGES, Line, Who
from tests.web.pages.crawling import buttons, kind_of, linked, press
from tests.web.pages.filled import OWN, answering_slurm, filled_place
from tests.web.pages.pages_place import PEOPLE, serious
from tests.web.test_permissions import ROLE_OF, filled, may

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NOT_LINKED: Final = {
    "/ui/static/{mark}/{name}",
    "/ui/live",
    "/ui/notifications/preview/shown",
    "/ui/jobs/{cluster}/{job_id:int}/output/more",
    "/ui/jobs/{cluster}/{job_id:int}/files/download",
    "/ui/builds/jobs/{number}",
}
"""Routes that pages reach otherwise than by a link that shows a page."""
LEAVING: Final = "/ui/sign-out"
"""The route after which somebody has to sign in again; it is taken last."""
NOT_THERE: Final = {
    "/ui/builds/runs/{number}/deploy",
    "/ui/nodes/reservations/delete",
    "/ui/jobs/orders/run",
    "/ui/me/unlink",
}
"""Routes of operators whose buttons are not on these pages: nothing was built or reserved, Slurm has forgotten the
jobs, and they are linked to no chat."""


def seen_by(line: Line, role: str) -> bool:
    """Whether somebody sees a page; of jobs and messages, only uma has some."""
    own = line.who in (Who.SIGNED_IN, Who.SELF) or (line.who is Who.OWNER and role == "user")
    return own or (line.others is not Who.OUTPUTS and may(line, ROLE_OF[role]))


def routes_for(method: str, role: str) -> set[str]:
    """Return the routes that somebody may use."""
    return {
        line.path for line in PAGES if line.method == method and line.who is not Who.ANYBODY and seen_by(line, role)
    }


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
        looked = set()
        async for path in linked(page, origin):
            looked.add(kind_of(path)[0])
            wrong += await look(page, path)
        await context.close()
    assert wrong == []
    there = routes_for("GET", role)
    assert there - looked == NOT_LINKED & there


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", PEOPLE)
async def test_every_button_does_what_it_says_or_says_why_not(
    store: Store, tmp_path: Path, browser: Browser, role: str
) -> None:
    async with filled_place(store, tmp_path, answering_slurm(tmp_path)) as place, place.served() as origin:
        await place.session(PEOPLE[role])  # elsewhere, too: it can be ended from here
        context = await place.browsing(browser, origin, role)
        page = await context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
        pressed: set[tuple[str, str]] = set()
        async for path in linked(page, origin):
            await page.goto(path)
            while new := [one for one in await buttons(page) if one.kind not in pressed]:
                pressed.add(new[0].kind)
                if new[0].route == LEAVING:
                    continue
                status = await press(page, new[0])
                if status != 200 and not await page.locator("[role=alert]").count():
                    wrong.append(f"{path}: {new[0].kind}: {status} {await page.locator('main').inner_text()}")
                if all(one.kind in pressed for one in await buttons(page)):
                    await page.goto(path)
        await page.goto("/ui/")
        assert await press(page, next(one for one in await buttons(page) if one.route == LEAVING)) == 200
        assert "/ui/sign-in" in page.url
        await context.close()
    assert wrong == []
    not_there = NOT_THERE if role in ("operator", "admin") else set()
    assert routes_for("POST", role) - {route for route, _ in pressed} == not_there


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_stranger_is_asked_who_they_are_wherever_they_go(
    store: Store, tmp_path: Path, browser: Browser
) -> None:
    async with filled_place(store, tmp_path) as place, place.served() as origin:
        context = await place.browsing(browser, origin, None)
        page = await context.new_page()
        elsewhere = []
        for route in sorted(routes_for("GET", "admin") - {"/ui/live"}):
            await page.goto(filled(route, OWN))
            if "/ui/sign-in?next=" not in page.url or await page.locator("form[method=post]").count():
                elsewhere.append((route, page.url))
        await context.close()
    assert elsewhere == []
