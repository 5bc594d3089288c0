"""The tutorial's portal, in a real browser: a command is run on the cluster, and its output appears while it runs."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from headgate.testing.cluster import Cluster
from tests.connectors.msteams.test_in_a_browser import ARGUMENTS, CHROMIUM
from tests.gateway.site import Gateway

PORTAL = Path(__file__).parents[2] / "examples" / "portal"
pytestmark = [pytest.mark.slurm, pytest.mark.browser]


@pytest.fixture
async def portal(slurm_cluster: Cluster, tmp_path: Path) -> AsyncIterator[str]:
    """The portal's address; it asks a real gateway."""
    async with Gateway(slurm_cluster, tmp_path) as gateway:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HEADGATE")}
        url = f"http://127.0.0.1:{gateway.port}"
        env = {**clean, "HEADGATE_URL": url, "HEADGATE_TOKEN": gateway.token, "HEADGATE_USER": "ada"}
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "uvicorn", "--log-level=warning", f"--fd={listener.fileno()}", "portal:app",
                cwd=PORTAL, env=env, pass_fds=[listener.fileno()],
            )  # fmt: skip
            try:
                yield f"http://127.0.0.1:{port}"
            finally:
                process.kill()
                await process.wait()


async def test_output_appears_while_the_job_runs(portal: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page()
        await page.goto(portal)
        await page.fill("input", "/bin/sh -c 'echo first; sleep 8; echo second'")
        await page.click("button")
        await expect(page.locator("#out")).to_have_text("first\n", timeout=30_000)
        await expect(page.locator("#state")).to_have_text("started", timeout=10_000)
        await expect(page.locator("#out")).to_have_text(re.compile("first\\s+second"), timeout=30_000)
        await expect(page.locator("#state")).to_have_text("COMPLETED", timeout=30_000)
        shown = os.environ.get("HEADGATE_PICTURES")
        if shown:
            await page.screenshot(path=f"{shown}/portal.png")
        await browser.close()
