"""The pages, and a browser that looks at them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from headgate.store.store import Store
from tests.connectors.mailto.test_in_a_browser import ARGUMENTS, CHROMIUM
from tests.web.pages.pages_place import PagesPlace, pages_place


@pytest.fixture
async def place(store: Store, tmp_path: Path) -> AsyncIterator[PagesPlace]:
    """The pages over an empty store, on SQLite and on PostgreSQL."""
    async with pages_place(store, tmp_path) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        await opened.close()
