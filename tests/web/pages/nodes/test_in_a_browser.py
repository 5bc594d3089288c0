"""The pages of nodes in Chromium: for everybody, on a phone, and an order by clicking on a real cluster."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from headgate.testing.cluster import Cluster
from tests.web.pages.looked_at import look_at
from tests.web.pages.nodes.seeded import seed
from tests.web.pages.nodes.test_operated import watched
from tests.web.pages.pages_place import PagesPlace

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("store", ["sqlite"], indirect=True)]


async def test_nodes_are_for_everybody_in_light_and_dark_and_on_a_phone(place: PagesPlace, browser: Browser) -> None:
    await seed(place.store)
    async with place.served() as origin:
        await look_at(
            place, browser, origin, "operator", "/nodes", "/nodes?view=grid", "/nodes/fake/n3", "/nodes/reservations"
        )


async def ordered(page: Page, order: str, reason: str) -> None:
    """Give an order to ticked nodes, by clicking."""
    await page.get_by_role("button", name=order, exact=True).click()
    await page.get_by_label("Reason").fill(reason)
    await page.get_by_role("button", name="Preview").click()
    await expect(page.get_by_text("Nothing is done yet.")).to_be_visible()


@pytest.mark.slurm
async def test_nodes_are_drained_by_clicking_and_open_pages_follow(
    operated: PagesPlace, cluster: Cluster, browser: Browser
) -> None:
    watching = watched(operated, cluster)
    await watching.look()
    where = await watching.client.cluster_name()
    async with operated.served() as origin:
        context = await operated.browsing(browser, origin, "operator")
        page, other = await context.new_page(), await context.new_page()
        await other.goto(f"/ui/nodes/{where}/n2")
        await page.goto("/ui/nodes")
        for name in ("n1", "n2"):
            await page.get_by_label(f"Tick {name}").check()
        await ordered(page, "Drain…", "fan 3 is loud")
        await expect(page.get_by_text("would change")).to_have_count(2)
        await page.get_by_role("button", name="Drain 2 nodes").click()
        await expect(page.get_by_role("status").filter(has_text="2 of 2 changed")).to_be_visible()
        await watching.look()
        await other.bring_to_front()
        await expect(other.get_by_text("Drained: takes no new jobs, and has none")).to_be_visible(timeout=60_000)
        await expect(other.locator("h1")).to_have_text(re.compile("n2 drained"))
        await context.close()
