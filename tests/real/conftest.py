"""A whole site on the cluster of the session, and one on a cluster that a test may break."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from headgate.testing.cluster import Cluster, temporary_cluster
from tests.real.site import Site


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def breakable(fragile_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Headgate, joined to a cluster whose daemons may be stopped; Slurm has handed over a first mail."""
    async with Site(fragile_cluster, tmp_path_factory.mktemp("fragile"), wait=6.0, grace=4.0) as joined:
        await joined.handed_over()
        yield joined


@pytest_asyncio.fixture(loop_scope="module")
async def fragile(breakable: Site) -> Site:
    """The same, with everything in order whatever the test before has left."""
    breakable.post.do("pass")
    await asyncio.to_thread(breakable.cluster.up)
    if breakable.headgate._process is None or breakable.headgate._process.returncode is not None:
        await breakable.headgate.start()
    return breakable
