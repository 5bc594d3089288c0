"""Looking at pages as their visitors do: with other eyes, in the dark, on a phone."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Browser

from tests.web.pages.pages_place import PagesPlace, serious

PHONE = {"width": 360, "height": 720}
PICTURES = os.environ.get("HEADGATE_PICTURES", "")
"""A directory into which what was looked at is written, for people; empty: nowhere."""


async def look_at(place: PagesPlace, browser: Browser, origin: str, role: str, *paths: str) -> None:
    """Look at pages, light, dark and on a phone: nothing serious, no trouble in the console, nothing too wide."""
    troubles: list[str] = []
    for kind, scheme, size in (("light", "light", None), ("dark", "dark", None), ("phone", "light", PHONE)):
        options = {"color_scheme": scheme, **({} if size is None else {"viewport": size})}
        context = await place.browsing(browser, origin, role, **options)
        page = await context.new_page()
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        for path in paths:
            answer = await page.goto(f"/ui{path}")
            assert answer is not None
            assert answer.status == 200, path
            wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{path} is too wide ({kind}) by {wide}"
            assert await serious(page) == [], path
            if PICTURES:
                name = f"{path.strip('/').replace('/', '-').replace('?', '-')}-{kind}.png"
                await page.screenshot(path=Path(PICTURES) / name, full_page=True)
        await context.close()
    assert troubles == []
