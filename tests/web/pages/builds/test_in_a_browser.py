"""The pages of builds in Chromium: for everybody, on a phone, and a retry by clicking."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.web.pages.builds.seeded import seed
from tests.web.pages.looked_at import look_at
from tests.web.pages.pages_place import PagesPlace

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("store", ["sqlite"], indirect=True)]


async def test_builds_are_for_everybody_and_made_again_by_clicking(built: PagesPlace, browser: Browser) -> None:
    await seed(built.store)
    await seed(built.store, name="2", number=8)
    async with built.served() as origin:
        await look_at(built, browser, origin, "operator", "/builds", "/builds/runs/1")
        context = await built.browsing(browser, origin, "operator")
        page, other = await context.new_page(), await context.new_page()
        await other.goto("/ui/builds")
        await page.goto("/ui/builds")
        await page.get_by_role("link", name="failure").first.click()
        await page.get_by_text("last lines of the log").click()
        await expect(page.get_by_text("make: *** Error 2")).to_be_visible()
        await page.get_by_role("button", name="Make it again").first.click()
        await expect(page.get_by_role("status").filter(has_text="This run makes build job")).to_be_visible()
        await other.bring_to_front()
        await expect(other.get_by_text("planned")).to_be_visible(timeout=60_000)
        await context.close()
