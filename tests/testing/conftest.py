"""Real clusters for the tests of `headgate.testing.cluster` itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headgate.testing.cluster import Cluster, temporary_cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster of the machine's own Slurm with two nodes, for all tests of a module."""
    with temporary_cluster(nodes=2) as one:
        yield one
