from __future__ import annotations

import asyncio
import time

import pytest

from headgate.errors import SlurmCommandError
from headgate.model.job import ArrayPlace, ExitStatus, Figures, HetPlace, QueuedJob
from headgate.model.states import JobState
from headgate.slurm.client import SlurmClient
from headgate.slurm.commands.scontrol import MailSettings, MailType
from headgate.testing.cluster import Cluster
from tests.slurm.contract.conftest import FORGERY, SQUARES, Jobs

pytestmark = [pytest.mark.slurm, pytest.mark.contract]

ALL = frozenset(
    {
        MailType.BEGIN,
        MailType.END,
        MailType.FAIL,
        MailType.REQUEUE,
        MailType.INVALID_DEPEND,
        MailType.STAGE_OUT,
    }
)
MIB = 1 << 20


async def queued(client: SlurmClient, job_id: int) -> QueuedJob:
    """The queue's record of a job, once Slurm shows how it ended (nodes are cleaned up first)."""
    while True:
        job = next(job for job in await client.queue() if job.attempt.job_id == job_id)
        if job.state is not None:
            return job
        await asyncio.sleep(0.1)


async def accounted(client: SlurmClient, job_id: int, *, attempts: int = 1) -> list[Figures]:
    """A job's attempts, once accounting has so many and all figures of those that are over."""
    while True:
        figures = await client.accounting([job_id])
        if len(figures) >= attempts and all(one.complete or one.ended is None for one in figures):
            return sorted(figures, key=lambda one: one.attempt)
        await asyncio.sleep(0.3)


async def test_cluster_is_named_by_slurm(client: SlurmClient, slurm_cluster: Cluster) -> None:
    assert await client.cluster_name() == slurm_cluster.name
    assert await client.cluster_name() == slurm_cluster.name
    assert client.calls == {"scontrol": 1}


async def test_slurmctld_says_when_it_was_started_and_what_it_has_to_tell_slurmdbd(
    client: SlurmClient,
) -> None:
    started = await client.controller_started()
    assert started is not None
    assert time.time() - 86400 < started <= time.time()
    async with asyncio.timeout(60):
        while await client.accounting_backlog():
            await asyncio.sleep(0.1)
    assert client.calls["sdiag"] >= 1


async def test_queue_gives_exit_code_and_hostile_name(client: SlurmClient, jobs: Jobs, slurm_cluster: Cluster) -> None:
    job = await queued(client, jobs.failed)
    assert job.attempt.cluster == slurm_cluster.name
    assert abs(job.attempt.submitted - jobs.started) < 60
    assert job.state is JobState.FAILED
    assert job.exit == ExitStatus(3)
    assert job.name == FORGERY.format(victim=jobs.mailed)
    assert (job.user, job.account, job.partition, job.qos) == ("ada", "physics", "main", "normal")
    assert job.uid > 0
    assert job.started is not None
    assert job.ended is not None
    assert jobs.started - 1 <= job.started <= job.ended
    assert job.nodes.startswith("n")
    assert job.reason == "NonZeroExitCode"
    assert job.time_limit == 3600
    assert (job.array, job.het, job.restarts, job.label) == (None, None, 0, str(jobs.failed))
    assert client.refused == 0


async def test_queue_knows_the_true_exit_code_where_accounting_folds_it(client: SlurmClient, jobs: Jobs) -> None:
    assert (await queued(client, jobs.high_code)).exit == ExitStatus(255)
    (figures,) = await accounted(client, jobs.high_code)
    assert figures.exit in (ExitStatus(127), ExitStatus(255))


async def test_queue_and_accounting_agree_on_a_signal(client: SlurmClient, jobs: Jobs) -> None:
    assert (await queued(client, jobs.killed)).exit == ExitStatus(0, 9)
    (figures,) = await accounted(client, jobs.killed)
    assert figures.exit == ExitStatus(0, 9)
    assert figures.tres["gres/gpu"] == 2
    assert figures.memory_asked == 500 * MIB


async def test_job_cancelled_while_it_ran(client: SlurmClient, jobs: Jobs) -> None:
    job = await queued(client, jobs.cancelled)
    assert job.state is JobState.CANCELLED
    (figures,) = await accounted(client, jobs.cancelled)
    assert figures.state is JobState.CANCELLED
    assert figures.cancelled_by == job.uid
    assert figures.started == job.started
    assert figures.ended == job.ended
    assert figures.attempt == job.attempt


async def test_job_cancelled_while_it_waited_never_started(client: SlurmClient, jobs: Jobs) -> None:
    job = await queued(client, jobs.never_started)
    assert (job.state, job.started, job.nodes) == (JobState.CANCELLED, None, "")
    assert job.ended is not None
    (figures,) = await accounted(client, jobs.never_started)
    assert figures.complete
    assert (figures.started, figures.nodes, figures.elapsed, figures.steps) == (None, "", 0, 0)
    assert figures.cancelled_by == job.uid
    assert figures.cpu_used is None
    assert figures.memory_used is None


async def test_array_is_its_running_tasks_and_one_record_for_the_rest(client: SlurmClient, jobs: Jobs) -> None:
    tasks = [job for job in await client.queue() if job.array is not None and job.array.array_id == jobs.array]
    running = {job.label: job for job in tasks if job.state is JobState.RUNNING}
    assert set(running) == {f"{jobs.array}_1", f"{jobs.array}_2"}
    assert len({job.attempt.job_id for job in tasks}) == 3
    (rest,) = [job for job in tasks if job.state is JobState.PENDING]
    assert rest.attempt.job_id == jobs.array
    assert rest.array == ArrayPlace(jobs.array, None, "3-5%2")
    assert rest.reason == "JobArrayTaskLimit"
    assert (rest.started, rest.exit, rest.nodes) == (None, None, "")


async def test_long_task_list_is_given_whole(client: SlurmClient, jobs: Jobs) -> None:
    job = await queued(client, jobs.held_array)
    assert job.array == ArrayPlace(jobs.held_array, None, SQUARES)


async def test_accounting_of_an_array_has_its_tasks(client: SlurmClient, jobs: Jobs) -> None:
    while len(figures := await client.accounting([jobs.array])) < 3:
        await asyncio.sleep(0.3)
    by_label = {one.label: one for one in figures}
    assert {f"{jobs.array}_1", f"{jobs.array}_2"} < set(by_label)
    task = by_label[f"{jobs.array}_1"]
    assert task.array == ArrayPlace(jobs.array, 1)
    assert (task.state, task.complete, task.memory_used, task.time_limit) == (JobState.RUNNING, False, None, 3600)
    rest = next(one for one in figures if one.state is JobState.PENDING)
    assert rest.array == ArrayPlace(jobs.array, None, "3-5%2")


async def test_het_components_know_their_leader(client: SlurmClient, jobs: Jobs) -> None:
    parts = {job.label: job for job in await client.queue() if job.het is not None and job.het.leader_id == jobs.het}
    assert set(parts) == {f"{jobs.het}+0", f"{jobs.het}+1"}
    assert parts[f"{jobs.het}+1"].het == HetPlace(jobs.het, 1)
    figures = {one.label: one for one in await client.accounting([jobs.het])}
    assert set(figures) == {f"{jobs.het}+0", f"{jobs.het}+1"}
    assert figures[f"{jobs.het}+1"].attempt == parts[f"{jobs.het}+1"].attempt
    assert figures[f"{jobs.het}+1"].cpus == 2
    assert figures[f"{jobs.het}+1"].memory_asked == 300 * MIB


async def test_job_without_time_limit_and_with_a_name_that_is_no_text(client: SlurmClient, jobs: Jobs) -> None:
    job = await queued(client, jobs.unlimited)
    assert job.time_limit is None
    assert job.state is JobState.PENDING
    assert set(job.name) <= {"\ufffd", "?"}


async def test_requeued_job_has_two_attempts(client: SlurmClient, jobs: Jobs) -> None:
    first, second = await accounted(client, jobs.requeued, attempts=2)
    job = await queued(client, jobs.requeued)
    assert job.restarts == 1
    assert job.attempt == second.attempt
    assert first.attempt.submitted < second.attempt.submitted
    assert first.requeued
    assert first.complete
    assert first.started is not None
    assert not second.requeued
    assert (second.state, second.started) == (JobState.PENDING, None)


async def test_memory_of_a_step_is_that_of_all_its_tasks(client: SlurmClient, jobs: Jobs) -> None:
    (figures,) = await accounted(client, jobs.two_tasks)
    assert figures.memory_used is not None
    assert 200 * MIB < figures.memory_used < 300 * MIB
    assert figures.memory_asked == 600 * MIB
    assert figures.cpu_used is not None
    assert figures.cpu_used > 0
    assert figures.steps == 2
    assert figures.cpus == 2
    assert (figures.work_dir, figures.node_count) == ("/tmp", 1)  # noqa: S108 - where the job ran


async def test_figures_of_a_plain_job(client: SlurmClient, jobs: Jobs) -> None:
    (figures,) = await accounted(client, jobs.mailed)
    job = await queued(client, jobs.mailed)
    assert figures.attempt == job.attempt
    assert (figures.user, figures.account, figures.partition, figures.qos) == ("ada", "physics", "main", "normal")
    assert (figures.state, figures.exit, figures.name) == (JobState.COMPLETED, ExitStatus(0), "mailed")
    assert figures.nodes == job.nodes
    assert figures.elapsed in (2, 3, 4)
    assert figures.memory_asked == 100 * MIB
    assert figures.memory_used is not None
    assert 0 < figures.memory_used < 100 * MIB


async def test_one_sacct_answers_about_many_jobs(client: SlurmClient, jobs: Jobs) -> None:
    await client.cluster_name()
    figures = await client.accounting([jobs.failed, jobs.high_code, jobs.cancelled, 4_000_000])
    assert {one.attempt.job_id for one in figures} <= {jobs.failed, jobs.high_code, jobs.cancelled}
    assert client.calls["sacct"] == 1


async def test_accounting_since_a_later_time_leaves_out_what_was_over(client: SlurmClient, jobs: Jobs) -> None:
    (figures,) = await accounted(client, jobs.failed)
    assert figures.ended is not None
    assert await client.accounting([jobs.failed], since=figures.ended + 1) == []
    assert len(await client.accounting([jobs.failed], since=jobs.started - 3600)) == 1


async def test_window_has_what_ended_in_it_and_nothing_else(client: SlurmClient, jobs: Jobs) -> None:
    for job_id in (jobs.failed, jobs.never_started):
        await accounted(client, job_id)
    await accounted(client, jobs.requeued, attempts=2)
    ended = {one.attempt.job_id: one for one in await client.accounting_between(jobs.started - 60, time.time() + 60)}
    over = {jobs.failed, jobs.mailed, jobs.high_code, jobs.killed, jobs.cancelled, jobs.never_started, jobs.requeued}
    assert over <= set(ended)
    assert not {jobs.array, jobs.het, jobs.unlimited} & set(ended)
    assert ended[jobs.failed].steps == 0
    assert not ended[jobs.failed].complete
    assert ended[jobs.requeued].requeued
    before = await client.accounting_between(jobs.started - 7200, jobs.started - 3600)
    assert not over & {one.attempt.job_id for one in before if one.attempt.submitted >= jobs.started - 1}


async def test_mail_settings_survive_hostile_mail_users_and_names(client: SlurmClient, jobs: Jobs) -> None:
    known = {job.attempt.job_id for job in await client.queue()}
    settings = await client.mail_settings(known)
    assert settings[jobs.mailed] == MailSettings(ALL, "x MailType=NONE\n")
    assert settings[jobs.high_code] == MailSettings()
    array = MailSettings(frozenset({MailType.END, MailType.ARRAY_TASKS}), "ada")
    assert settings[jobs.array] == array
    tasks = [job for job in await client.queue() if job.array is not None and job.array.array_id == jobs.array]
    assert [settings[job.attempt.job_id] for job in tasks] == [array] * 3
    assert "mallory" not in {one.mail_user for one in settings.values()}


async def test_one_scontrol_answers_about_all_jobs_unless_one_lies(client: SlurmClient, jobs: Jobs) -> None:
    await client.mail_settings(())
    assert client.calls["scontrol"] == 1
    await client.mail_settings({jobs.mailed, jobs.high_code})
    assert client.calls["scontrol"] == 3


async def test_stopped_slurmdbd_is_an_error_that_may_pass_and_the_queue_still_answers(
    client: SlurmClient, jobs: Jobs, slurm_cluster: Cluster
) -> None:
    slurm_cluster.stop("slurmdbd")
    try:
        with pytest.raises(SlurmCommandError, match=r"^sacct failed \(exit code 1\): .*onnection") as caught:
            await client.accounting([jobs.failed])
        assert (await queued(client, jobs.failed)).exit == ExitStatus(3)
    finally:
        slurm_cluster.start("slurmdbd")
    assert caught.value.transient
    assert len(await accounted(client, jobs.failed)) == 1
