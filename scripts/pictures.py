"""Makes the pictures of the documentation: the same messages as each service shows them.

``./dev pictures [DIRECTORY]``. Each page is made from the payload that the connector would send, and photographed by
Debian's Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, async_playwright

from headgate.connectors.registry import make_connector
from headgate.connectors.samples import SAMPLES
from headgate.errors import ConnectorError
from headgate.notify.connector import Connector, Envelope, Renders, Rendition

CHROMIUM: Final = Path("/usr/bin/chromium")
_ARGUMENTS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
]
_WIDTH, _TALLEST = 720, 1600
SHOWN: Final = ("failed", "array", "digest")
"""Which samples have a picture."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A connector to be shown: settings that name nobody real, and a target."""

    settings: Mapping[str, object]
    target: str


SUBJECTS: Final[Mapping[str, Subject]] = {
    "slack": Subject(
        {"token": "xoxb-0-0-example", "bot": {"enabled": True, "app_token": "xapp-1-example"}}, "C0123456789"
    ),
    "mattermost": Subject({"url": "https://chat.example.org", "token": "a" * 26}, "a" * 26),
    "matrix": Subject({"homeserver": "https://matrix.example.org", "token": "syt_example"}, "!room:example.org"),
    "telegram": Subject({"token": "123456789:AAExampleExampleExampleExampleExampl", "bot": {"enabled": True}}, "12345"),
    "discord": Subject(
        {"token": "MTE5MDAwMDAwMDAwMDAwMDAwMA.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB", "bot": {"enabled": True}},
        "1190000000000000000",
    ),
    "msteams": Subject({"urls": {"general": "https://flows.example.org/workflows/1?sig=example"}}, "general"),
    "mailto": Subject({"from_address": "slurm@example.org"}, "ada@example.org"),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Make all pictures."""
    parser = argparse.ArgumentParser(prog="./dev pictures", description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=Path("docs/pictures"))
    directory: Path = parser.parse_args(arguments).directory
    pages = asyncio.run(rendered())
    asyncio.run(photograph({f"{name}.png": html for name, html in pages.items()}, directory))
    sys.stdout.write("".join(f"{directory / name}.png\n" for name in pages))
    return 0


async def rendered() -> dict[str, str]:
    """Return ``connector-sample`` -> page."""
    pages: dict[str, str] = {}
    for kind, subject in SUBJECTS.items():
        connector = make_connector(kind, kind, subject.settings)
        try:
            pages |= {f"{kind}-{sample}": shown(connector, subject.target, sample).html for sample in SHOWN}
        finally:
            await connector.aclose()
    return pages


def shown(connector: Connector, target: str, sample: str) -> Rendition:
    """Return what a sample becomes. Raises ConnectorError for a connector that cannot show it."""
    if not isinstance(connector, Renders):
        raise ConnectorError(f"connector {connector.name} cannot show what it would send")
    return connector.render(Envelope(connector.check_target(target), SAMPLES[sample], f"sample-{sample}"))


async def photograph(pages: Mapping[str, str], directory: Path) -> None:
    """Write a picture of each page (file name -> HTML), as high as its content."""
    await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            for name, html in pages.items():
                await _one(browser, html, directory / re.sub(r"[^A-Za-z0-9._-]", "_", name))
        finally:
            await browser.close()


async def _one(browser: Browser, html: str, path: Path) -> None:
    page = await browser.new_page(viewport={"width": _WIDTH, "height": 100}, device_scale_factor=1)
    try:
        await page.set_content(html)
        height = await page.evaluate("Math.ceil(document.body.getBoundingClientRect().bottom + 16)")
        await page.set_viewport_size({"width": _WIDTH, "height": min(int(height), _TALLEST)})
        await page.screenshot(path=path)
    finally:
        await page.close()


if __name__ == "__main__":
    sys.exit(main())
