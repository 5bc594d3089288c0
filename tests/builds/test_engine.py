"""The engine of builds, with a cluster and a forge that do what a test says. The repositories are real."""

from __future__ import annotations

import time

import pytest
import structlog

from headgate.model.build import JobPhase, RequestState
from headgate.model.event import EventKind
from headgate.model.pull_request import PullRequest, Reaction, Repository
from tests.builds.bench import BUILD, Bench, table


async def test_a_build_from_the_command_to_the_result(bench: Bench) -> None:
    head = bench.place.pull_request()
    said = await bench.place.comment(BUILD)
    await bench.go()
    [job] = await bench.place.jobs()
    assert (job.phase, job.job_id, job.commit) == (JobPhase.QUEUED, 4711, head)
    made = bench.slurm.jobs[4711]
    assert (made.released, made.held, made.options["time"]) == (1, False, "00:10:00")
    await bench.through(4711)
    answer, told = bench.place.bodies()
    assert table(told) == ["submitted", "released", "running", "finished", "test result"]
    assert f"submitted job `4711`, for details & status see {job.comment_url or 'https://hub.example'}" in answer
    assert bench.place.forge.reactions == [(said.id, Reaction.SEEN), (said.id, Reaction.DONE)]
    [request] = await bench.place.requests()
    assert request.state is RequestState.DONE
    assert job.path.startswith(
        time.strftime("%Y.%m", time.gmtime()) + "/org/software/pr_7/event_delivery-1/run_000/x86_64/amd/zen2/"
    )


async def test_a_requeued_job_runs_again_and_is_told_of_again(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    await bench.slurm.starts(bench.store, 4711)
    await bench.go()
    made = bench.slurm.jobs[4711]
    made.submitted += 1
    await bench.slurm.tell(bench.store, EventKind.JOB_REQUEUED, 4711)
    await bench.go()
    [job] = await bench.place.jobs()
    assert job.phase is JobPhase.QUEUED
    await bench.through(4711)
    assert await bench.statuses(4711) == ["submitted", "released", "running", "running", "finished", "test result"]


async def test_an_event_of_an_older_job_with_the_same_number_changes_nothing(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    made = bench.slurm.jobs[4711]
    submitted, made.submitted = made.submitted, made.submitted - 100_000
    await bench.slurm.tell(bench.store, EventKind.JOB_ENDED, 4711, state="FAILED")
    made.submitted = submitted
    await bench.go(60)
    [job] = await bench.place.jobs()
    assert job.phase is JobPhase.QUEUED


async def test_a_defect_about_one_pull_request_leaves_the_others_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.place.pull_request()
    bench.place.pull_request(8)
    forge = bench.place.forge
    original = forge.pull_request

    async def broken(repository: Repository, number: int) -> PullRequest:
        if number == 8:
            raise RuntimeError("a defect")
        return await original(repository, number)

    monkeypatch.setattr(forge, "pull_request", broken)
    await bench.place.comment(BUILD, number=8)
    await bench.place.comment(BUILD)
    await bench.go()
    assert [job.number for job in await bench.place.jobs()] == [7]
    monkeypatch.undo()
    await bench.go(400)
    assert [job.number for job in await bench.place.jobs()] == [7, 8]


async def test_what_was_asked_for_long_ago_is_not_done_any_more(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD, at=time.time() - 8 * 86400)
    await bench.place.comment("bot: help", at=time.time() - 6 * 86400)
    await bench.go()
    assert await bench.place.jobs() == []
    assert len(await bench.place.requests()) == 1


async def test_everything_about_a_build_is_logged_under_the_trace_of_the_comment_that_asked_for_it(
    bench: Bench,
) -> None:
    bench.place.pull_request()
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        await bench.place.comment(BUILD)
        await bench.go()
        bench.restart()
        await bench.through(4711)
    [asked] = [line for line in lines if line.get("kind") == "pull_request.comment"]
    mine = [line["event"] for line in lines if line.get("trace") == asked["trace"]]
    wanted = ["event.written", "build.requested", "build.submitted", "build.told", "build.collected"]
    assert [name for name in dict.fromkeys(mine) if name in wanted] == wanted
    assert {line["build"] for line in lines if line["event"] == "build.collected"} == {1}
