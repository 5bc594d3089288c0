"""The pages of a site that builds pull requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from headgate.store.store import Store
from tests.web.pages.pages_place import PagesPlace, pages_place


def building_tables(where: Path) -> dict[str, Any]:
    """Return the settings of a site with one forge."""
    return {
        "service": {"parts": ["http", "pages"]},  # the engine of builds runs elsewhere
        "builds": {"instance": "test-bot"},
        "builds.forges.hub": {
            "kind": "gitlab", "url": "https://forge.example.org/", "token": "t0ken", "webhook_secret": "s",
        },
        "builds.permissions": {"command": ["ada"], "build": ["ada"]},
        "builds.targets.zen2": {"architecture": "x86_64/amd/zen2", "repositories": ["site"]},
        "builds.jobs": {"user": "builder", "directory": str(where / "jobs"), "mirrors": str(where / "m")},
    }  # fmt: skip


def building(store: Store, where: Path, **deploy: Any) -> AbstractAsyncContextManager[PagesPlace]:
    """Make the pages of a site with one forge."""
    tables = building_tables(where)
    if deploy:
        tables["builds.deploy"] = deploy
    return pages_place(store, where, **tables)


@pytest.fixture
async def built(store: Store, tmp_path: Path) -> AsyncIterator[PagesPlace]:
    """The pages of a site that builds, and deploys nothing."""
    async with building(store, tmp_path) as place:
        yield place
