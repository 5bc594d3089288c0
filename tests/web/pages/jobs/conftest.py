"""The pages over a store with jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.service.gateway import Current
from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm
from tests.web.pages.jobs.owners import Owners, gateway_of
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


@pytest.fixture
async def owners(place: PagesPlace, fake: FakeSlurm) -> AsyncIterator[Owners]:
    """Let the gateway run beside the pages; slurmctld does not answer, so that the watcher's word is taken."""
    made = Owners()
    current = place.site.gateway
    assert isinstance(current, Current)
    assert current.part is not None
    fake.says("squeue", stderr="slurm_load_jobs error: Unable to contact slurm controller (connect failure)", code=1)
    current.part.current = gateway_of(place.store, made)
    yield made
    current.part.current = None
