from __future__ import annotations

import pytest

from headgate.errors import NotFoundError
from headgate.model.change import Facts
from headgate.slurm.commands.job_updates import JobKey, JobOrder
from headgate.slurm.operator import SlurmOperator
from headgate.testing.cluster import Cluster
from tests.slurm.operating.conftest import wait_for

pytestmark = [pytest.mark.slurm, pytest.mark.contract]
QUIET = ("--output=/dev/null", "--chdir=/tmp")
SLEEP = "#!/bin/sh\nexec sleep 3000\n"
NAME = "a|b\n   JobState=FAILED ~x/"


def submit(cluster: Cluster, *options: str, user: str = "ada") -> str:
    return str(cluster.submit(user, SLEEP, *QUIET, *options))


async def test_record_has_pyslurms_keys_and_types(operator: SlurmOperator, cluster: Cluster) -> None:
    job = submit(cluster, "--hold", f"--job-name={NAME}", "--comment=x=y State=z", "--time=30", "--mem=300M")
    [record] = (await operator.jobs.get([job]))[job]
    assert record["job_id"] == int(job)
    assert (record["name"], record["comment"], record["job_state"]) == (NAME, "x=y State=z", "PENDING")
    assert (record["account"], record["partition"], record["user_name"]) == ("physics", "main", "ada")
    assert (record["array_job_id"], record["array_task_id"], record["array_task_str"]) == (None, None, None)
    assert (record["time_limit"], record["time_limit_str"], record["pn_min_memory"]) == (30, "30:00", 300)
    assert (record["state_reason"], record["priority"], record["requeue"]) == ("JobHeldUser", 0, True)
    assert (record["batch_host"], record["start_time"], record["exit_code"]) == (None, 0, "0:0")
    assert isinstance(record["submit_time"], int)
    assert record["admin_comment"] is None


async def test_array_has_a_record_for_each_task_and_one_for_those_that_wait(
    operator: SlurmOperator, cluster: Cluster
) -> None:
    array = submit(cluster, "--array=1-5%2")

    async def look() -> list[Facts]:
        return (await operator.jobs.get([array]))[array]

    found = await wait_for(look, lambda all_: sum(one["job_state"] == "RUNNING" for one in all_) == 2)
    assert [(one["array_job_id"], one["array_task_id"], one["array_task_str"]) for one in found] == [
        (int(array), 1, None), (int(array), 2, None), (int(array), None, "3-5%2"),
    ]  # fmt: skip
    answers = await operator.jobs.get([f"{array}_2", f"{array}_4", f"{array}_9", "4000000"])
    assert [one["array_task_id"] for one in answers[f"{array}_2"]] == [2]
    assert [one["job_state"] for one in answers[f"{array}_4"]] == ["PENDING"]
    assert answers[f"{array}_9"] == answers["4000000"] == []


async def test_jobs_are_found_by_what_their_records_equal(operator: SlurmOperator, cluster: Cluster) -> None:
    name = f"{NAME} to be found"
    mine = submit(cluster, "--hold", f"--job-name={name}")
    theirs = submit(cluster, "--hold", user="ben")
    assert await operator.jobs.find({"name": name}) == [int(mine)]
    both = await operator.jobs.find({"job_state": "PENDING", "num_nodes": 1, "requeue": True})
    assert {int(mine), int(theirs)} <= set(both)
    assert int(mine) in await operator.jobs.find({"num_nodes": "1"})
    assert await operator.jobs.find({"name": name, "partition": "gpu"}) == []
    assert int(mine) in await operator.jobs.find({"batch_host": None})
    with pytest.raises(ValueError, match="did you mean batch_host"):
        await operator.jobs.find({"batchhost": "n1"})


async def test_steps_that_run(operator: SlurmOperator, cluster: Cluster) -> None:
    job = str(cluster.submit("ada", "#!/bin/sh\nsrun -n2 -J 'my step' sleep 3000\n", *QUIET, "-n2"))
    held = submit(cluster, "--hold")

    async def look() -> dict[str, Facts]:
        return (await operator.jobs.steps([job]))[job]

    steps = await wait_for(look, lambda found: {"0", "batch"} <= set(found))
    assert (steps["0"]["name"], steps["0"]["num_tasks"], steps["0"]["state"]) == ("my step", 2, "RUNNING")
    assert steps["0"]["step_id_str"] == f"{job}.0"
    assert await operator.jobs.steps([held, "4000000"]) == {held: {}, "4000000": {}}
    assert await operator.jobs.steps(["4000000"]) == {"4000000": {}}


async def test_job_is_held_released_and_cancelled(operator: SlurmOperator, cluster: Cluster) -> None:
    job = submit(cluster, "--hold")
    [released] = (await operator.jobs.order([job], JobOrder.RELEASE)).values()
    assert (released.changed, released.error) == (True, None)
    cluster.wait_for_job(int(job), ("RUNNING",))
    [requeued] = (await operator.jobs.order([job], JobOrder.REQUEUE_HOLD)).values()
    assert requeued.changed
    assert requeued.after is not None
    assert requeued.after["restart_cnt"] == 1
    cluster.wait_for_job(int(job), ("PENDING",))
    [foreseen] = (await operator.jobs.order([job], JobOrder.CANCEL, dry_run=True)).values()
    assert foreseen.after is not None
    assert foreseen.after["job_state"] == "CANCELLED"
    assert cluster.job_state(int(job)) == "PENDING"
    [cancelled] = (await operator.jobs.order([job], JobOrder.CANCEL)).values()
    assert cancelled.changed
    assert cluster.job_state(int(job)) == "CANCELLED"


async def test_held_job_waits_until_an_administrator_releases_it(operator: SlurmOperator, cluster: Cluster) -> None:
    job = submit(cluster, "--begin=now+1hour")
    [held] = (await operator.jobs.order([job], JobOrder.HOLD)).values()
    assert held.after is not None
    assert (held.after["state_reason"], held.after["priority"]) == ("JobHeldAdmin", 0)


async def test_one_unknown_job_stops_all_of_it(operator: SlurmOperator, cluster: Cluster) -> None:
    job = submit(cluster, "--hold")
    with pytest.raises(NotFoundError, match="no job 4000000 in its queue; nothing was done"):
        await operator.jobs.order([job, "4000000"], JobOrder.CANCEL)
    with pytest.raises(NotFoundError, match="no job 4000000"):
        await operator.jobs.order(["4000000"], JobOrder.CANCEL)
    for wrong in (["1;2"], ["-1"], [], ["1"] * 1 + [str(number) for number in range(2, 67)]):
        with pytest.raises(ValueError, match=r"is no job|no jobs|one call may touch 64"):
            await operator.jobs.order(wrong, JobOrder.CANCEL)
    assert cluster.job_state(int(job)) == "PENDING"


async def test_what_slurm_refuses_is_that_jobs_error(operator: SlurmOperator, cluster: Cluster) -> None:
    held, ready = submit(cluster, "--hold"), submit(cluster, "--hold")
    cluster.command("scancel", held)
    changes = await operator.jobs.update([held, ready], {JobKey.TIME_LIMIT: "20", JobKey.COMMENT: 'say "hello"'})
    assert changes[held].error is not None
    assert not changes[held].changed
    assert changes[ready].error is None
    assert (changes[ready].after or {}).get("time_limit") == 20
    assert (changes[ready].after or {}).get("comment") == 'say "hello"'
    [requeued] = (await operator.jobs.order([ready], JobOrder.REQUEUE)).values()
    assert requeued.error is not None
    with pytest.raises(ValueError, match="line end"):
        await operator.jobs.update([ready], {JobKey.COMMENT: "two\nlines"})
