from __future__ import annotations

import pytest

from headgate.config.slurm import SlurmSettings
from headgate.model.states import JobState
from headgate.slurm.client import SlurmClient
from headgate.testing.cluster import Cluster

pytestmark = [pytest.mark.slurm, pytest.mark.contract]

QUIET = ("--output=/dev/null", "--chdir=/tmp", "--hold")
SLEEP = "#!/bin/sh\nexec sleep 3000\n"


async def states(client: SlurmClient, array: int) -> set[JobState | None]:
    return {
        job.state for job in await client.queue() if array in (job.attempt.job_id, job.array and job.array.array_id)
    }


async def test_only_a_job_of_this_owner_is_ended(slurm_cluster: Cluster) -> None:
    client = SlurmClient(SlurmSettings(bin=slurm_cluster.bin, conf=slurm_cluster.slurm_conf))
    mine = slurm_cluster.submit("ada", SLEEP, *QUIET)
    theirs = slurm_cluster.submit("ben", SLEEP, *QUIET)
    array = slurm_cluster.submit("ada", SLEEP, *QUIET, "--array=1-3")
    try:
        await client.cancel(str(theirs), "ada")
        assert slurm_cluster.job_state(theirs) == "PENDING"
        assert await client.cancel(str(mine), "ada") is None
        assert slurm_cluster.wait_for_job(mine, ("CANCELLED",)) == "CANCELLED"
        assert await client.cancel(f"{array}_2", "ben") == "Slurm has no such job in its queue any more."
        assert await client.cancel(f"{array}_2", "ada") is None
        [waiting] = [job for job in await client.queue() if job.array and job.array.array_id == array]
        assert waiting.state is JobState.PENDING
        assert waiting.array is not None
        assert waiting.array.tasks == "1,3"
        assert await client.cancel(str(array), "ada") is None
        assert await states(client, array) == {JobState.CANCELLED}
        assert await client.cancel(str(mine), "ada") == "Slurm has no such job in its queue any more."
        assert await client.cancel("4000000", "ada") == "Slurm has no such job in its queue any more."
    finally:
        slurm_cluster.command("scancel", str(mine), str(theirs), str(array))
