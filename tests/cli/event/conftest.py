from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.stored import Site, filled_site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return filled_site(tmp_path)
