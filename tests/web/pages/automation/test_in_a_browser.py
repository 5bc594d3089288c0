"""The pages of automation in Chromium: for everybody, on a phone, and a decision by clicking."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from headgate.model.execution import ExecutionState
from headgate.store import rules
from tests.rules.waiting import waiting
from tests.web.pages.automation.test_executions import tried
from tests.web.pages.automation.test_rules import ruled
from tests.web.pages.looked_at import look_at
from tests.web.pages.pages_place import PagesPlace

__all__ = ["ruled"]
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("store", ["sqlite"], indirect=True)]


async def test_automation_is_for_everybody_in_light_and_dark_and_on_a_phone(
    ruled: PagesPlace, browser: Browser
) -> None:
    number = await waiting(ruled.store)
    done = await waiting(ruled.store, ExecutionState.WAITING, key="k2", cause=number)
    await tried(ruled.store, done, "notify.send", {"to": ["slack:#ops"], "title": "x"}, {"told": 1})
    await ruled.store.write(lambda c: rules.stop(c, "site.drain", "it triggered itself 5 times in 10 min", 1e9))
    paths = ("", "/rules/site.drain", "/executions", f"/executions/{number}", f"/executions/{done}")
    async with ruled.served() as origin:
        await look_at(ruled, browser, origin, "operator", *(f"/automation{path}" for path in paths))


async def test_an_execution_is_approved_by_clicking_and_an_open_page_follows(
    ruled: PagesPlace, browser: Browser
) -> None:
    number = await waiting(ruled.store)
    async with ruled.served() as origin:
        context = await ruled.browsing(browser, origin, "operator")
        page, other = await context.new_page(), await context.new_page()
        await other.goto(f"/ui/automation/executions/{number}")
        await page.goto("/ui/automation")
        await page.get_by_label("Why").fill("the disk is on its way")
        await page.get_by_role("button", name="Approve").click()
        await expect(page.get_by_role("status").filter(has_text="is approved")).to_be_visible()
        await expect(page.get_by_text("Nothing waits for approval.")).to_be_visible()
        await other.bring_to_front()
        approved = other.get_by_text("approved by oscar: the disk is on its way")
        await expect(approved).to_be_visible(timeout=60_000)
        await context.close()
