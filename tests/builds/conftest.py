"""A bench for each test of builds that asks for one, and an object store for all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.store.store import Store
from headgate.testing.s3.server import ObjectStoreServer
from tests.builds.bench import Bench


@pytest.fixture
def bench(store: Store, tmp_path: Path) -> Bench:
    """A bench with ordinary settings."""
    return Bench(store, tmp_path)


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStoreServer]:
    """A real S3 server, kept for the session."""
    with ObjectStoreServer("staging", "other") as started:
        yield started
