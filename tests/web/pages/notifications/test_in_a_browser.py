from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page

from headgate.gateway.apps import Apps
from headgate.model.app import AppRules
from headgate.store import audit
from tests.web.pages.notifications.told import DEAD, OTHERS, states, tell
from tests.web.pages.pages_place import PagesPlace, serious

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("store", ["sqlite"], indirect=True)]
PATHS = (
    "/notifications", f"/notifications/{DEAD}", "/notifications/connectors", "/notifications/preview", "/me",
    "/administration", "/administration/apps", "/administration/apps/portal", "/administration/tokens",
    "/administration/roles", "/administration/audit", "/administration/configuration?all=1", "/administration/doctor",
)  # fmt: skip


async def fill(place: PagesPlace) -> None:
    """Have something on every page."""
    await tell(place.store)
    await Apps(place.store).add("portal", AppRules(users=("ada", "ben")))
    await place.store.write(lambda c: audit.record(c, user="ben", via="page", action="cancel", outcome="done"))


def complaints_of(page: Page) -> list[str]:
    """Return a list that fills with what the browser complains of."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_for_everybody(place: PagesPlace, browser: Browser, scheme: str) -> None:
    await fill(place)
    async with place.served() as origin:
        context = await place.browsing(browser, origin, "admin", color_scheme=scheme)
        page = await context.new_page()
        complaints = complaints_of(page)
        for path in PATHS:
            answer = await page.goto(f"/ui{path}")
            assert answer is not None
            assert answer.ok, path
            assert await serious(page) == [], path
        assert complaints == []
        await context.close()


async def test_every_page_fits_a_phone(place: PagesPlace, browser: Browser) -> None:
    await fill(place)
    async with place.served() as origin:
        context = await place.browsing(browser, origin, "admin", viewport={"width": 360, "height": 740})
        page = await context.new_page()
        for path in PATHS:
            await page.goto(f"/ui{path}")
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
        await context.close()


async def test_an_operator_ticks_and_replays_and_the_list_follows(place: PagesPlace, browser: Browser) -> None:
    await fill(place)
    async with place.served() as origin:
        context = await place.browsing(browser, origin, "operator")
        watching = await context.new_page()
        await watching.goto("/ui/notifications?state=dead")
        page = await context.new_page()
        await page.goto("/ui/notifications?state=dead")
        await page.get_by_label(f"Choose message {DEAD}").check()
        await page.get_by_role("button", name="Replay those ticked").click()
        await page.get_by_role("button", name="Replay 1").click()
        await page.get_by_text("1 replayed.").wait_for()
        assert (await states(place.store))[DEAD] == "ready"
        await watching.bring_to_front()
        await watching.get_by_label(f"Choose message {DEAD}").wait_for(state="detached")
        await watching.get_by_label(f"Choose message {OTHERS}").wait_for()
        await context.close()


async def test_an_administrator_makes_an_app_and_sees_its_token_once(place: PagesPlace, browser: Browser) -> None:
    async with place.served() as origin:
        context = await place.browsing(browser, origin, "admin")
        page = await context.new_page()
        await page.goto("/ui/administration/apps")
        await page.get_by_label("Name (letters").fill("portal")
        await page.get_by_role("button", name="Make the app").click()
        token = await page.get_by_label("The token", exact=True).inner_text()
        assert token.startswith("hgt_")
        assert token not in page.url
        assert await serious(page) == []
        await page.get_by_role("link", name="I have kept it").click()
        assert token not in await page.content()
        await page.get_by_role("button", name="Switch it off").click()
        await page.get_by_text("portal is off.").wait_for()
        await context.close()


async def test_a_user_sets_what_they_prefer_and_nothing_in_a_preview_runs(place: PagesPlace, browser: Browser) -> None:
    await tell(place.store)
    async with place.served() as origin:
        context = await place.browsing(browser, origin, "user")
        page = await context.new_page()
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        await page.goto("/ui/me")
        await page.get_by_label("Quiet from").fill("22:00")
        await page.get_by_label("Quiet until").fill("07:00")
        await page.get_by_role("button", name="Keep these").click()
        await page.get_by_text("quiet from 22:00 to 07:00").wait_for()
        await page.goto(f"/ui/notifications/preview?message={DEAD}&connector=mailto")
        frame = page.frame_locator("iframe")
        await frame.get_by_text("Failed: job 7").first.wait_for()
        assert dialogs == []
        await context.close()
