"""The gateway that the clients ask."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from headgate.client import AsyncClient
from headgate.testing.cluster import Cluster
from tests.gateway.site import Gateway


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(slurm_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway on SQLite, with an app that may act for everybody."""
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    async with Gateway(
        slurm_cluster, tmp_path_factory.mktemp("client"), gateway={"hook_hosts": ["127.0.0.1"]}
    ) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def ada(gateway: Gateway) -> AsyncIterator[AsyncClient]:
    """The app, acting for ada."""
    async with AsyncClient(f"http://127.0.0.1:{gateway.port}", gateway.token, user="ada") as client:
        yield client
