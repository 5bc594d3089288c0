"""The HTML part in Debian's Chromium, as wide as a phone and as a desk, in the light and in the dark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, async_playwright

from headgate.connectors.bounds import Bounds, within
from headgate.connectors.mailto.rendering import Rendering
from tests.connectors.mailto.looks import MESSAGES

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
POOR_CONTRAST = """() => {
  const rgb = text => text.match(/[0-9.]+/g).map(Number);
  const part = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = rgb(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) poor.push([element.outerHTML.slice(0, 120), contrast]);
  }
  return poor;
}"""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


async def show(page: Page, name: str) -> None:
    """Show a mail, in place of the one before."""
    await page.set_content(Rendering(None, "Ask help@example.org.").render(within(MESSAGES[name], Bounds())).html)


async def test_no_mail_is_wider_than_a_phone_and_none_runs_or_fetches_anything(browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 360, "height": 800})
    misdeeds: list[str] = []
    page.on("request", lambda request: misdeeds.append(f"request {request.url}"))
    page.on("dialog", lambda dialog: misdeeds.append(f"dialog {dialog.message}"))
    page.on("pageerror", lambda error: misdeeds.append(f"script {error}"))
    page.on("console", lambda message: misdeeds.append(f"console {message.text}"))
    page.on("popup", lambda popup: misdeeds.append(f"popup {popup.url}"))
    for name in ("failed", "digest", "crowded", *(name for name in MESSAGES if name.startswith("hostile"))):
        await show(page, name)
        assert await page.evaluate("document.documentElement.scrollWidth") == 360, name
        await page.mouse.move(100, 60)
        assert not misdeeds, name
        assert not await page.evaluate("document.querySelectorAll('script,img,iframe,svg,object').length"), name
    await page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_text_has_contrast(browser: Browser, scheme: Literal["light", "dark"]) -> None:
    page = await browser.new_page(color_scheme=scheme)
    for name in [name for name in MESSAGES if not name.startswith(("hostile", "crowded"))]:
        await show(page, name)
        assert not await page.evaluate(POOR_CONTRAST), name
    await page.close()


async def test_a_bar_is_as_long_as_it_should(browser: Browser) -> None:
    page = await browser.new_page()
    await show(page, "failed")
    widths = await page.evaluate(
        '[...document.querySelectorAll(\'td[height="8"][bgcolor="#2f6fb7"]\')].map(cell =>'
        " cell.getBoundingClientRect().width / cell.closest('table').getBoundingClientRect().width)"
    )
    assert widths == pytest.approx([0.41, 0.87, 0.04], abs=0.006)
    await page.close()
