"""A bench for each test of builds that asks for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.store.store import Store
from tests.builds.bench import Bench


@pytest.fixture
def bench(store: Store, tmp_path: Path) -> Bench:
    """A bench with ordinary settings."""
    return Bench(store, tmp_path)
