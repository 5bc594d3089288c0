"""slurmrestd of every version answers as its commands do, and acts as the user whose token it is."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from headgate.config.slurm import SlurmSettings
from headgate.errors import SlurmCommandError, SlurmRefusedError
from headgate.model.job import QueuedJob
from headgate.slurm.client import SlurmClient
from headgate.slurm.rest.client import RestClient
from headgate.testing.cluster import Cluster
from tests.slurm.contract.conftest import Jobs

pytestmark = [pytest.mark.slurm, pytest.mark.contract]
SLEEP = b"#!/bin/bash\nsleep 300\n"


def settings(cluster: Cluster, **more: object) -> SlurmSettings:
    [key] = cluster.directory.rglob("jwt_hs256.key")
    rest = {"url": cluster.rest_url, "user": "root", "key_file": str(key), "timeout": 20.0, **more}
    return SlurmSettings.model_validate({"driver": "rest", "rest": rest})


@pytest.fixture
async def rest(slurm_cluster: Cluster) -> AsyncIterator[RestClient]:
    client = RestClient(settings(slurm_cluster))
    yield client
    await client.aclose()


@pytest.fixture
def cli(slurm_cluster: Cluster) -> SlurmClient:
    return SlurmClient(SlurmSettings(bin=slurm_cluster.bin))


@pytest.fixture
def directory(slurm_cluster: Cluster) -> Path:
    made = slurm_cluster.shared / f"rest-{time.monotonic_ns()}"
    made.mkdir()
    made.chmod(0o777)
    return made


def all_told(cluster: Cluster) -> None:
    """Skip what slurmrestd of 20.11 cannot do: it tells reasons in the place of states, and lets no owner hold."""
    if "20.11" in cluster.command("sinfo", "--version"):
        pytest.skip("slurmrestd of 20.11 tells reasons in the place of states, and lets no owner hold a job")


async def test_slurmctld_says_what_it_has_to_tell_slurmdbd(rest: RestClient) -> None:
    statistics = (await rest._read("/slurm/{v}/diag"))["statistics"]
    assert "dbd_agent_queue_size" in statistics
    async with asyncio.timeout(60):
        while await rest.accounting_backlog():
            await asyncio.sleep(0.1)
    assert await rest.controller_started() is None


def comparable(job: QueuedJob) -> QueuedJob:
    """What both drivers have to say alike: names hold anything, expected starts move, and lists of tasks are cut."""
    array = None if job.array is None else replace(job.array, tasks="")
    return replace(job, name="", started=None, ended=None, array=array, reason="", qos="")


async def test_the_queue_is_the_same_as_squeues(
    slurm_cluster: Cluster, rest: RestClient, cli: SlurmClient, jobs: Jobs
) -> None:
    all_told(slurm_cluster)
    assert await rest.cluster_name() == await cli.cluster_name()
    for _ in range(3):  # jobs of other tests come and go
        theirs = {one.attempt: comparable(one) for one in await rest.queue()}
        ours = {one.attempt: comparable(one) for one in await cli.queue()}
        if theirs == ours:
            break
        await asyncio.sleep(2)
    assert theirs == ours
    assert {attempt.job_id for attempt in theirs} >= {jobs.failed, jobs.killed, jobs.never_started, jobs.held_array}


async def test_accounting_says_the_same_of_how_jobs_ended(
    slurm_cluster: Cluster, rest: RestClient, cli: SlurmClient, jobs: Jobs
) -> None:
    all_told(slurm_cluster)
    ids = [jobs.failed, jobs.killed, jobs.cancelled, jobs.two_tasks]
    theirs = {one.attempt: one for one in await rest.accounting(ids, since=jobs.started - 60)}
    ours = {one.attempt: one for one in await cli.accounting(ids, since=jobs.started - 60)}
    assert set(theirs) == set(ours)
    for attempt, one in ours.items():
        other = theirs[attempt]
        assert (other.state, other.user, other.started, other.ended) == (one.state, one.user, one.started, one.ended)
        assert (other.partition, other.nodes, other.cpus, other.steps) == (
            one.partition,
            one.nodes,
            one.cpus,
            one.steps,
        )
        if other.exit.code >= 0:  # 22.05 does not know it
            assert other.exit == one.exit


async def test_jobs_are_found_by_their_directory_either_way(
    rest: RestClient, cli: SlurmClient, directory: Path
) -> None:
    began = time.time() - 5
    job, _ = await rest.submit("ada", str(directory), SLEEP, {"hold": True}, {})
    array, _ = await rest.submit("ada", str(directory), SLEEP, {"hold": True, "array": "0-3"}, {})
    found = [number for number, _ in await rest.find_by_directory("ada", str(directory), began)]
    assert found == [job, array]
    assert [number for number, _ in await cli.find_by_directory("ada", str(directory), began)] == [job, array]
    assert await cli.find_by_directory("ben", str(directory), began) == []
    for number in found:
        await rest.cancel_as("ada", number)


async def test_a_job_runs_as_the_user_with_what_was_asked_for(
    rest: RestClient, slurm_cluster: Cluster, directory: Path
) -> None:
    script = b'#!/bin/bash\nid -un; pwd; echo "$A"; exit 3\n'
    options: dict[str, str | int | bool] = {"job_name": "by rest", "time": "10", "tasks": 1, "output": "o.txt"}
    job, _ = await rest.submit("ada", str(directory), script, options, {"A": "b,c d"})
    await asyncio.to_thread(slurm_cluster.wait_for_job, int(job), ("FAILED",))
    await asyncio.sleep(1)
    assert (directory / "o.txt").read_text().splitlines() == ["ada", str(directory), "b,c d"]
    mine = next(one for one in await rest.queue() if one.attempt.job_id == int(job))
    assert mine.exit is not None
    assert (mine.user, mine.exit.code, mine.time_limit) == ("ada", 3, 600)


async def test_a_job_is_held_changed_released_and_cancelled_by_its_owner_only(
    rest: RestClient, slurm_cluster: Cluster, directory: Path
) -> None:
    all_told(slurm_cluster)
    job, _ = await rest.submit("ada", str(directory), SLEEP, {"begin": "now+1hour", "time": "20"}, {})

    async def shown() -> str:
        return await asyncio.to_thread(slurm_cluster.command, "scontrol", "--oneliner", "show", "job", job)

    await rest.hold("ada", job)
    assert " Priority=0 " in await shown()
    await rest.update("ada", job, {"time_limit": "5"})
    assert " TimeLimit=00:05:00 " in await shown()
    await rest.release("ada", job)
    assert " Priority=0 " not in await shown()
    with contextlib.suppress(SlurmRefusedError):  # 24.11 and later say nothing, and do nothing
        await rest.cancel_as("ben", job)
    assert " JobState=PENDING " in await shown()
    with pytest.raises(SlurmRefusedError):
        await rest.update("ben", job, {"time_limit": "1"})
    await rest.cancel_as("ada", job)
    await rest.cancel_as("ada", job)  # over already: fine
    with pytest.raises(SlurmRefusedError):
        await rest.requeue("ada", job)


@pytest.mark.parametrize("user", ["root", "", "a b", "../x", "ada\n"])
async def test_nobody_acts_as_root_or_as_what_is_no_user(rest: RestClient, directory: Path, user: str) -> None:
    with pytest.raises(SlurmRefusedError):
        await rest.submit(user, str(directory), SLEEP, {}, {})


@pytest.mark.parametrize(
    ("script", "options", "said"),
    [
        (SLEEP, {"partition": "no-such-partition"}, "partition"),
        (b"#!/bin/bash\n#SBATCH --time=1\n", {}, "#SBATCH"),
        (b"hostname\n", {}, "#!"),
        (b"#!\xff\n", {}, "UTF-8"),
    ],
)
async def test_a_refusal_says_why(
    rest: RestClient, directory: Path, script: bytes, options: dict[str, str | int | bool], said: str
) -> None:
    with pytest.raises(SlurmRefusedError, match=said):
        await rest.submit("ada", str(directory), script, options, {})


async def test_the_queue_is_sent_again_only_when_it_changed(rest: RestClient, directory: Path) -> None:
    await rest.queue()
    await asyncio.sleep(3)
    before = await rest.queue()
    job, _ = await rest.submit("ada", str(directory), SLEEP, {"hold": True}, {})
    after = await rest.queue()
    assert int(job) in {one.attempt.job_id for one in after} - {one.attempt.job_id for one in before}
    await rest.cancel_as("ada", job)


async def test_a_wrong_key_is_no_empty_queue(slurm_cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"x" * 32)
    client = RestClient(settings(slurm_cluster, key_file=str(tmp_path / "key")))
    with pytest.raises(SlurmCommandError) as failed:
        await client.queue()
    assert failed.value.transient
    await client.aclose()


async def test_tokens_come_from_a_program_or_a_file_too(
    slurm_cluster: Cluster, tmp_path: Path, directory: Path
) -> None:
    program = tmp_path / "token"
    program.write_text(f'#!/bin/sh\nexec {slurm_cluster.bin}/scontrol token username="$1" lifespan=600\n')
    program.chmod(0o755)
    by_program = RestClient(settings(slurm_cluster, key_file=None, token_command=[str(program)]))
    job, _ = await by_program.submit("ada", str(directory), SLEEP, {"hold": True}, {})
    await by_program.cancel_as("ada", job)
    await by_program.aclose()
    (tmp_path / "token.txt").write_text(await asyncio.to_thread(slurm_cluster.token, "ada") + "\n")
    by_file = RestClient(settings(slurm_cluster, key_file=None, user="ada", token_file=str(tmp_path / "token.txt")))
    assert isinstance(await by_file.queue(), list)
    with pytest.raises((SlurmRefusedError, SlurmCommandError)):
        await by_file.submit("ben", str(directory), SLEEP, {"hold": True}, {})
    await by_file.aclose()
