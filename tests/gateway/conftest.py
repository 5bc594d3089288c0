"""One gateway for a module's tests: a cluster is shared by all of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from headgate.testing.cluster import Cluster
from tests.gateway.site import Gateway


@pytest.fixture(scope="module")
def directory(slurm_cluster: Cluster) -> Path:
    """A directory for a service of the module's own.

    Not in pytest's own directory: every other session of pytest takes the service's right to enter it away again.
    """
    return Path(tempfile.mkdtemp(prefix="service-", dir=slurm_cluster.shared))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(slurm_cluster: Cluster, directory: Path) -> AsyncIterator[Gateway]:
    """A gateway on SQLite, with an app that may act for everybody."""
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    async with Gateway(slurm_cluster, directory) as running:
        yield running
