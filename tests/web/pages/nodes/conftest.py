"""The pages over a real cluster that tests take nodes out of service of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from tests.slurm.operating.conftest import cluster
from tests.web.pages.pages_place import PagesPlace, pages_place

__all__ = ["cluster"]


@pytest.fixture
async def operated(cluster: Cluster, store: Store, tmp_path: Path) -> AsyncIterator[PagesPlace]:
    """The pages, which reach the cluster by its commands."""
    slurm = {"bin": str(cluster.bin), "conf": str(cluster.slurm_conf)}
    async with pages_place(store, tmp_path, slurm=slurm) as made:
        yield made
