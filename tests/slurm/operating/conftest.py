from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from headgate.config.slurm import SlurmSettings
from headgate.slurm.client import SlurmClient
from headgate.slurm.operator import SlurmOperator
from headgate.testing.cluster import Cluster
from tests.slurm.operating.put_back import put_back

T = TypeVar("T")
PATIENCE = 90.0


@pytest.fixture
def cluster(operated_cluster: Cluster) -> Iterator[Cluster]:
    """A cluster that is put back afterwards."""
    yield operated_cluster
    put_back(operated_cluster)


@pytest.fixture
def operator(cluster: Cluster) -> SlurmOperator:
    return operator_of(cluster)


def operator_of(cluster: Cluster) -> SlurmOperator:
    return SlurmOperator(SlurmClient(SlurmSettings(bin=cluster.bin, conf=cluster.slurm_conf)))


async def wait_for(look: Callable[[], Awaitable[T]], wanted: Callable[[T], bool]) -> T:
    """Look until it is as wanted."""
    deadline = time.monotonic() + PATIENCE
    while not wanted(found := await look()):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.1)
    return found
