"""The pages over a store with jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm
from tests.web.pages.jobs_seen import fake_slurm, jobs_place
from tests.web.pages.pages_place import PagesPlace


@pytest.fixture
def fake(tmp_path: Path) -> FakeSlurm:
    """The Slurm that these pages ask."""
    return fake_slurm(tmp_path)


@pytest.fixture
async def place(store: Store, tmp_path: Path, fake: FakeSlurm) -> AsyncIterator[PagesPlace]:
    """The pages over a store with jobs, on SQLite and on PostgreSQL."""
    async with jobs_place(store, tmp_path, fake) as made:
        yield made
