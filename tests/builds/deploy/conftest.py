from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.config.builds import SigningSettings
from headgate.testing.cluster import process
from tests.builds.deploy.made import Site
from tests.executor.conftest import USER, running


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A real executor, and a directory of the build account's below its root."""
    with running() as helper:
        jobs = helper.root / "jobs"
        jobs.mkdir()
        made = Site(helper.client, USER, jobs, tmp_path)
        made.give(helper.root)
        yield made


@pytest.fixture
def signing(tmp_path: Path) -> SigningSettings:
    """A key of one's own, without a passphrase."""
    key = tmp_path / "signing.key"
    process.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "deploys", "-f", str(key)])
    return SigningSettings(key=key)
