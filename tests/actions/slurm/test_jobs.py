from __future__ import annotations

import pytest

from headgate.actions.refusals import ParametersError
from headgate.errors import NotFoundError
from headgate.testing.cluster import Cluster
from tests.actions.slurm.conftest import Doing, of, only

pytestmark = [pytest.mark.slurm]
SLEEP = "#!/bin/sh\nexec sleep 3000\n"
QUIET = ("--output=/dev/null", "--chdir=/tmp")


async def test_jobs_are_found_and_looked_at(doing: Doing, cluster: Cluster) -> None:
    job = cluster.submit("ada", SLEEP, *QUIET, "--hold", "--job-name=find me")
    assert await doing.result("slurm.job.find", criterias={"name": "find me", "job_state": "PENDING"}) == [job]
    found = await doing.result("slurm.job.get", jobids=[job])
    assert isinstance(found, dict)
    record = only(found[str(job)])
    assert (record["job_id"], record["name"]) == (job, "find me")
    assert await doing.result("slurm.job.step.get", jobids=[job]) == {str(job): {}}
    assert await doing.result("slurm.job.get", jobids=job) == found
    partly = await doing.run("slurm.job.get", jobids=[job, 4000000])
    assert (partly.ok, partly.error) == (False, "Slurm has no job 4000000 in its queue")
    assert partly.result == {**found, "4000000": []}
    with pytest.raises(NotFoundError):
        await doing.run("slurm.job.get", jobids=["4000000"])
    with pytest.raises(ParametersError, match="jobs have no 'colour'"):
        await doing.run("slurm.job.find", criterias={"colour": "red"})
    with pytest.raises(ParametersError, match="is no job"):
        await doing.run("slurm.job.get", jobids=["1;2"])


async def test_steps_of_a_job_that_runs(doing: Doing, cluster: Cluster) -> None:
    job = cluster.submit("ada", SLEEP, *QUIET)
    cluster.wait_for_job(job, ("RUNNING",))
    steps = of(await doing.result("slurm.job.step.get", jobids=[job]), str(job))
    assert steps["batch"]["state"] == "RUNNING"


async def test_job_is_changed_by_an_administrator(doing: Doing, cluster: Cluster) -> None:
    job = cluster.submit("ada", SLEEP, *QUIET, "--begin=now+1hour")
    held = of(await doing.result("slurm.job.hold", jobids=[job]), str(job))
    assert held["after"]["state_reason"] == "JobHeldAdmin"
    changed = await doing.result("slurm.job.update", jobids=[job], infos={"time_limit": 20, "start_time": "now"})
    assert of(changed, str(job))["after"]["time_limit"] == 20
    assert of(await doing.result("slurm.job.release", jobids=[job]), str(job))["changed"]
    cluster.wait_for_job(job, ("RUNNING",))
    requeued = of(await doing.result("slurm.job.requeue", jobids=[job], hold=True), str(job))
    assert requeued["after"]["restart_cnt"] == 1
    cluster.wait_for_job(job, ("PENDING",))
    foreseen = await doing.dry("slurm.job.cancel", jobids=[job])
    assert of(foreseen, str(job))["after"]["job_state"] == "CANCELLED"
    assert cluster.job_state(job) == "PENDING"
    assert of(await doing.result("slurm.job.cancel", jobids=[job]), str(job))["changed"]
    assert cluster.job_state(job) == "CANCELLED"


@pytest.mark.parametrize("action", ["cancel", "hold", "release", "requeue"])
async def test_one_unknown_job_stops_all_of_it(doing: Doing, cluster: Cluster, action: str) -> None:
    job = cluster.submit("ada", SLEEP, *QUIET, "--hold")
    with pytest.raises(NotFoundError, match="nothing was done"):
        await doing.run(f"slurm.job.{action}", jobids=[job, 4000000])
    assert cluster.job_state(job) == "PENDING"


async def test_what_slurm_refuses(doing: Doing, cluster: Cluster) -> None:
    job = cluster.submit("ada", SLEEP, *QUIET, "--hold")
    refused = await doing.run("slurm.job.requeue", jobids=[job])
    assert not refused.ok
    assert of(refused.result, str(job))["error"]
    refused = await doing.run("slurm.job.update", jobids=[job], infos={"time_limit": "sideways"})
    assert not refused.ok
    with pytest.raises(ParametersError, match="has no 'colour' that can be changed"):
        await doing.run("slurm.job.update", jobids=[job], infos={"colour": "red"})
