"""Makes the pictures of the pages in the documentation, from the demonstration that is running.

``./dev pictures pages [DIRECTORY]``. It signs in as people of the demonstration do, by ``headgate login``, and follows
the links that the pages have; run ``./dev demo`` first.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from headgate.testing.cluster import Cluster
from scripts.demo.fifth_act import sign_in_link
from scripts.demo.place import Place

CHROMIUM: Final = Path("/usr/bin/chromium")
_ARGUMENTS: Final = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
_DESK: Final = (1180, 900)
_PHONE: Final = (390, 844)
_JOBS: Final = (
    ("ada", "--job-name=train", "--ntasks=8"),
    ("ben", "--job-name=relax", "--ntasks=12"),
    ("ada", "--job-name=sweep-lr", "--array=1-6", "--ntasks=6"),
    ("ben", "--job-name=postprocess", "--begin=now+1hour"),
)
_DRAINED: Final = "n4"
_SEEN_AFTER: Final = 35.0
"""Seconds until the watchers have written down what jobs hold."""
_COLOURS: Final = 128
"""A picture of a page has no more colours that anybody sees; each is a tenth of the size then."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: who looks at what. ``clicks``: texts of links that are followed from ``path`` on."""

    name: str
    user: str
    path: str
    clicks: tuple[str, ...] = ()
    scheme: Literal["light", "dark"] = "light"
    phone: bool = False
    tallest: int = 1500


SHOTS: Final = (
    Shot("overview", "root", "/ui/", tallest=860),
    Shot("overview-dark", "root", "/ui/", scheme="dark", tallest=860),
    Shot("jobs", "root", "/ui/jobs", tallest=860),
    Shot("job", "ada", "/ui/jobs?q=analyse", ("table a[href^='/ui/jobs/']",)),
    Shot("job-phone", "ada", "/ui/jobs?q=analyse", ("table a[href^='/ui/jobs/']",), phone=True, tallest=844),
    Shot("nodes", "root", "/ui/nodes", tallest=620),
    Shot("notifications", "root", "/ui/notifications", tallest=860),
    Shot("preview", "root", "/ui/notifications/preview", tallest=840),
    Shot("build", "root", "/ui/builds", ("table a[href^='/ui/builds/']",)),
    Shot("administration", "root", "/ui/administration", tallest=860),
    Shot("me", "ada", "/ui/me", tallest=860),
)
"""Every picture, in the order in which people meet the pages."""


@contextlib.contextmanager
def _at_work(cluster: Cluster) -> Iterator[None]:
    """Have jobs run and wait, and a node drained, as on any cluster, until the pictures are made."""
    jobs = [cluster.submit(user, "#!/bin/sh\nsleep 600\n", "--output=/dev/null", *options) for user, *options in _JOBS]
    drain = ("update", f"nodename={_DRAINED}")
    cluster.command("scontrol", *drain, "state=drain", "reason=disk errors on sda")
    try:
        time.sleep(_SEEN_AFTER)
        yield
    finally:
        cluster.command("scancel", *map(str, jobs))
        cluster.command("scontrol", *drain, "state=resume")


async def _signed_in(browser: Browser, place: Place, shot: Shot) -> Page:
    width, height = _PHONE if shot.phone else _DESK
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=shot.scheme,
        device_scale_factor=2 if shot.phone else 1,
    )
    page = await context.new_page()
    await page.goto(await asyncio.to_thread(sign_in_link, place, shot.user))
    await page.get_by_role("button", name=f"Sign in as {shot.user}").click()
    await page.wait_for_url("**/ui/**")
    return page


async def _photograph(page: Page, shot: Shot, directory: Path) -> None:
    await page.goto("/".join(page.url.split("/")[:3]) + shot.path)
    for selector in shot.clicks:
        await page.locator(selector).first.click()
        await page.wait_for_load_state("load")
    height = await page.evaluate("document.documentElement.scrollHeight")
    bounded = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": min(height, shot.tallest)}  # type: ignore[index]
    picture = await page.screenshot(full_page=True, clip=bounded)  # type: ignore[arg-type]
    with Image.open(BytesIO(picture)) as opened:
        opened.convert("RGB").quantize(_COLOURS).save(directory / f"page-{shot.name}.png", optimize=True)


async def make(place: Place, directory: Path, names: set[str]) -> None:
    """Make the pictures of these names, or all."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        for shot in SHOTS:
            if names and shot.name not in names:
                continue
            page = await _signed_in(browser, place, shot)
            await _photograph(page, shot, directory)
            await page.context.close()
            print(directory / f"page-{shot.name}.png")
        await browser.close()


def main(arguments: list[str]) -> int:
    """Make the pictures in a directory, by default the documentation's."""
    directory = Path(arguments[0]) if arguments else Path(__file__).parents[1] / "docs/pictures"
    directory.mkdir(parents=True, exist_ok=True)
    place = Place("demo", Path("/var/tmp/headgate-demo"))  # noqa: S108 - as the demonstration has it
    with _at_work(Cluster(place.name)):
        asyncio.run(make(place, directory, set(arguments[1:])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
