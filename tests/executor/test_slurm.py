"""Real jobs of two real users through the root helper."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator

import pytest

from headgate.executor.refusal import RefusedError
from headgate.testing.cluster import Cluster
from tests.executor.conftest import OTHER, USER, Helper, running

pytestmark = pytest.mark.slurm
SCRIPT = b"""#!/bin/sh
#SBATCH --comment=script
id -u; id -G; pwd; umask; echo "$GREETING"; echo "$HOME"
exit 3
"""


@pytest.fixture
def helper(slurm_cluster: Cluster) -> Iterator[Helper]:
    with running() as made:
        made.bin.rmdir()
        made.bin.symlink_to(slurm_cluster.bin)
        made.root.chmod(0o777)
        yield made


async def test_a_job_runs_as_its_user_with_its_options_and_variables(helper: Helper, slurm_cluster: Cluster) -> None:
    done = await helper.client.submit(
        USER,
        helper.place(),
        SCRIPT,
        options={"job_name": "through", "output": "out-%j.txt", "time": "5"},
        environment={"GREETING": "a,b=c 'd'"},
    )
    assert slurm_cluster.wait_for_job(int(done.job), ("COMPLETED", "FAILED")) == "FAILED"
    with await helper.client.open_read(USER, helper.place(f"out-{done.job}.txt")) as file:
        lines = os.read(file.descriptor, 4096).decode().splitlines()
    account = pwd.getpwnam(USER)
    assert lines == [
        str(account.pw_uid),
        str(account.pw_gid),
        str(helper.root),
        "0022",
        "a,b=c 'd'",
        account.pw_dir,
    ]
    shown = slurm_cluster.command("scontrol", "--oneliner", "show", "job", done.job)
    assert "JobName=through" in shown
    assert "Comment=script" in shown
    assert "TimeLimit=00:05:00" in shown


async def test_a_waiting_job_is_changed_held_released_and_cancelled_by_its_owner_only(
    helper: Helper, slurm_cluster: Cluster
) -> None:
    done = await helper.client.submit(
        USER, helper.place(), b"#!/bin/sh\nsleep 600\n", options={"hold": True, "time": "20", "output": "/dev/null"}
    )
    for attempt in (helper.client.cancel, helper.client.release, helper.client.hold):
        with pytest.raises(RefusedError) as caught:
            await attempt(OTHER, done.job)
        assert caught.value.error == "slurm"
    await helper.client.update(USER, done.job, {"time_limit": "10", "comment": "two words", "nice": 5})
    shown = slurm_cluster.command("scontrol", "--oneliner", "show", "job", done.job)
    assert "TimeLimit=00:10:00" in shown
    assert "Comment=two words" in shown
    await helper.client.release(USER, done.job)
    assert slurm_cluster.wait_for_job(int(done.job), ("RUNNING",)) == "RUNNING"
    await helper.client.requeue(USER, done.job)
    assert slurm_cluster.wait_for_job(int(done.job), ("PENDING",)) == "PENDING"
    await helper.client.cancel(USER, done.job)
    assert slurm_cluster.wait_for_job(int(done.job), ("CANCELLED",)) == "CANCELLED"


async def test_slurms_own_words_come_back(helper: Helper) -> None:
    with pytest.raises(RefusedError, match="invalid partition") as caught:
        await helper.client.submit(USER, helper.place(), b"#!/bin/sh\n", options={"partition": "nope"})
    assert (caught.value.error, caught.value.code) == ("slurm", 1)
    with pytest.raises(RefusedError, match="Invalid job id"):
        await helper.client.hold(USER, "66999999")
