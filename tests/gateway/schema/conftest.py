"""A gateway whose Slurm is played, so that what is measured is the API; the executor and the service are real."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import pytest_asyncio

from headgate.model.job import Attempt, QueuedJob
from headgate.model.states import JobState
from headgate.testing.cluster import Cluster
from headgate.testing.cluster.accounts import ensure_users
from headgate.testing.slurm import FakeSlurm
from tests.gateway.site import Gateway

SBATCH = """\
#!/bin/sh
cat >/dev/null
number=$(($(date +%s%N) / 1000 % 2000000000 + 1))
sed "s/4711/$number/g; s/1700000000/$(date +%s)/g" {line} >>{queue}
echo $number
"""
SCANCEL = """\
#!/bin/sh
for last in "$@"; do :; done
sed -i "/^$last\x1f/s/PENDING/CANCELLED/" {queue}
"""


def play(shared: Path) -> Path:
    """Let jobs wait in the queue until they are cancelled; return where the commands lie."""
    shared.chmod(0o755)
    (shared / "service").mkdir()
    fake = FakeSlurm(shared / "slurm")
    fake.has_accounts([])
    fake.says("scontrol")
    job = QueuedJob(
        Attempt("fake", 4711, 1_700_000_000), JobState.PENDING, completing=False, user="ada", uid=1000, name="x",
        account="physics", partition="main", qos="normal", reason="Priority",
    )  # fmt: skip
    fake.has_queue([job])
    queue = fake.bin.parent / "answers" / "squeue.out"
    line = queue.rename(queue.with_name("line"))
    queue.touch()
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (fake.bin / name).write_text(text.format(line=line, queue=queue))
    for file in shared.rglob("*"):
        file.chmod(0o777 if file.is_dir() or file.parent == fake.bin else 0o666)
    return fake.bin


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway whose Slurm takes every job and never runs one."""
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    ensure_users()
    # Not in pytest's own directory, which users may not enter.
    with tempfile.TemporaryDirectory(prefix="headgate-schema-", dir="/var/tmp") as name:
        shared = Path(name)
        played = cast("Cluster", SimpleNamespace(bin=play(shared), shared=shared))
        tables: dict[str, dict[str, Any]] = {
            "slurm": {"cluster": "fake"},
            "roles.operator": {"apps": ["portal"]},
            "actions.commands.true": {"argv": ["/bin/true"]},
            "gateway": {"wrong_tokens": 1_000_000, "hook_hosts": ["*"]},
            "gateway__limits": {"hooks": 1_000_000, "page": 10, "list_without_page": 100},
        }
        async with Gateway(played, shared / "service", None, **tables) as running:
            yield running
