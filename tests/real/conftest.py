"""A whole site on the cluster of the session, and one on a cluster that a test may break."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.real.site import Site

from headgate.testing.cluster import Cluster, temporary_cluster


@pytest.fixture
async def site(slurm_cluster: Cluster, tmp_path: Path) -> AsyncIterator[Site]:
    """Headgate, joined to the cluster of the session."""
    async with Site(slurm_cluster, tmp_path) as joined:
        yield joined


@pytest.fixture(scope="module")
def fragile_cluster() -> Iterator[Cluster]:
    """A cluster of the module's own, whose daemons its tests may stop; they start them again."""
    if os.geteuid() != 0:
        pytest.skip("a Slurm cluster needs root")
    with temporary_cluster(nodes=2) as cluster:
        yield cluster


@pytest.fixture
async def fragile(fragile_cluster: Cluster, tmp_path: Path) -> AsyncIterator[Site]:
    """Headgate, joined to a cluster whose daemons may be stopped; Slurm has handed over a first mail."""
    fragile_cluster.up()
    async with Site(fragile_cluster, tmp_path, wait=8.0) as joined:
        await joined.handed_over()
        yield joined
