from __future__ import annotations

import time
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from headgate.errors import StoreError
from headgate.model.build import BuildJob, BuildRequest, BuildRun, JobPhase, RequestKind, RequestState
from headgate.model.pull_request import Repository
from headgate.store import build_rows, builds
from headgate.store.builds import JobFilter
from headgate.store.store import Store

HERE, THERE = Repository("hub", "org/a"), Repository("hub", "org/b")
REQUEST = BuildRequest(
    id=0,
    key="k",
    event_id=None,
    kind=RequestKind.COMMENT,
    repository=HERE,
    number=7,
    sender="ada",
    state=RequestState.OPEN,
    not_before=10.0,
    attempts=0,
    comment_id=5,
    answer_id=None,
    data={"body": "bot: help"},
    progress={},
    problem="",
    created_at=1.0,
    finished_at=None,
)
RUN = BuildRun(
    id=0,
    key="r",
    request_id=1,
    repository=HERE,
    number=7,
    run=0,
    requester="ada",
    base_branch="main",
    base_commit="",
    head_commit="a" * 40,
    built_commit="",
    path="2026.11/run",
    created_at=2.0,
    data={"job_arguments": ["A=1"]},
)
JOB = BuildJob(
    id=0,
    run_id=0,
    repository=HERE,
    number=7,
    requester="ada",
    commit="a" * 40,
    target="zen2",
    repo_id="site",
    on_architecture="x",
    on_accelerator="",
    for_architecture="x",
    for_accelerator="",
    root="/jobs",
    path="2026.11/run/x",
    user="builder",
    cluster="alpha",
    not_before=0.0,
    created_at=3.0,
)


class Row:
    """A row to be owed."""

    time, status, comment = 5.0, "running", "it runs"


async def add(store: Store, *jobs: BuildJob) -> list[BuildJob]:
    """Write a request with a run of these jobs; return them as they are kept."""
    number = await store.write(lambda c: builds.add_request(c, REQUEST))
    run = await store.write(lambda c: builds.add_run(c, replace(RUN, request_id=number or 1), jobs))
    assert run is not None
    return await store.read(lambda c: builds.find_jobs(c, JobFilter(run_id=run.id), limit=10))


async def test_a_request_is_kept_once_and_read_back_whole(store: Store) -> None:
    number = await store.write(lambda c: builds.add_request(c, REQUEST))
    assert number is not None
    assert await store.write(lambda c: builds.add_request(c, REQUEST)) is None
    assert await store.read(lambda c: builds.get_request(c, number)) == replace(REQUEST, id=number)
    assert await store.read(lambda c: builds.due_requests(c, 9.0, 5)) == []
    await store.write(lambda c: builds.change_request(c, number, {"progress": {"a": [1]}, "state": RequestState.DONE}))
    await store.write(lambda c: builds.change_request(c, number, {"problem": "it is over, and stays so"}))
    [found] = await store.read(lambda c: builds.find_requests(c, 5))
    assert (found.state, found.progress, found.problem) == (RequestState.DONE, {"a": [1]}, "")
    assert await store.read(lambda c: builds.due_requests(c, 99.0, 5)) == []


async def test_a_run_is_kept_once_with_its_jobs(store: Store) -> None:
    [job] = await add(store, JOB)
    run = await store.read(lambda c: builds.run_of_key(c, "r"))
    assert run is not None
    assert job == replace(JOB, id=job.id, run_id=run.id)
    assert await store.write(lambda c: builds.add_run(c, RUN, [replace(JOB, path="other")])) is None
    assert await store.read(lambda c: builds.last_run(c, HERE, 7)) == run
    assert await store.read(lambda c: builds.last_run(c, THERE, 7)) is None
    assert await store.read(lambda c: builds.count_runs(c, run.request_id)) == 1
    await store.write(lambda c: builds.set_built(c, run.id, "c" * 40, "b" * 40))
    again = await store.read(lambda c: builds.get_run(c, run.id))
    assert again is not None
    assert (again.built_commit, again.base_commit) == ("c" * 40, "b" * 40)


async def test_a_directory_belongs_to_one_job(store: Store) -> None:
    with pytest.raises((StoreError, IntegrityError)):
        await add(store, JOB, JOB)


async def test_a_change_says_which_phase_it_follows(store: Store) -> None:
    [job] = await add(store, JOB)
    assert await store.write(lambda c: builds.change_job(c, job, {"phase": JobPhase.READY, "outcome": {"x": 1}}))
    assert not await store.write(lambda c: builds.change_job(c, job, {"phase": JobPhase.REFUSED}))
    await store.write(lambda c: builds.note_job(c, job.id, {"comment_id": 9}))
    current = await store.read(lambda c: builds.get_job(c, job.id))
    assert current is not None
    assert (current.phase, current.outcome, current.comment_id) == (JobPhase.READY, {"x": 1}, 9)


async def test_jobs_are_found_by_pull_request_and_by_slurms_number(store: Store) -> None:
    jobs = await add(
        store,
        JOB,
        replace(JOB, path="2", repository=THERE, job_id=4711, phase=JobPhase.QUEUED),
        replace(JOB, path="3", job_id=4711, phase=JobPhase.DONE),
    )

    async def found(**wanted: object) -> list[int]:
        jobs_ = await store.read(lambda c: builds.find_jobs(c, JobFilter(**wanted), limit=10))  # type: ignore[arg-type]
        return [job.id - jobs[0].id for job in jobs_]

    assert await found(repository=THERE, number=7) == [1]
    assert await found(path="org/a") == [0, 2]
    assert await found(open=True) == [0, 1]
    assert await found(phase=JobPhase.DONE) == [2]
    assert await found(since=time.time()) == []
    assert [job.id for job in await store.read(builds.open_jobs)] == [jobs[0].id, jobs[1].id]
    by_number = await store.read(lambda c: builds.open_of_slurm(c, "alpha", [4711, 5]))
    assert {number: job.id for number, job in by_number.items()} == {4711: jobs[1].id}
    assert await store.read(lambda c: builds.open_of_slurm(c, "beta", [4711])) == {}
    assert len(await store.read(lambda c: builds.jobs_of_slurm(c, 4711, "alpha"))) == 2


async def test_what_is_over_for_long_is_forgotten_with_its_jobs_and_rows(store: Store) -> None:
    [job] = await add(store, JOB)
    await store.write(lambda c: build_rows.add(c, job.id, "event 1", Row()))
    done = {"state": RequestState.DONE, "finished_at": 50.0}
    await store.write(lambda c: builds.change_request(c, 1, done))
    assert await store.write(lambda c: builds.forget(c, 60.0)) == 0, "a job of it is not over"
    await store.write(lambda c: builds.change_job(c, job, {"phase": JobPhase.DONE, "finished_at": 55.0}))
    assert await store.write(lambda c: builds.forget(c, 52.0)) == 0, "it was over only later"
    assert await store.write(lambda c: builds.forget(c, 60.0)) == 1
    assert await store.read(lambda c: builds.find_jobs(c, JobFilter(), limit=5)) == []
    assert await store.read(build_rows.owed) == {}


async def test_a_row_is_owed_once_until_it_is_written(store: Store) -> None:
    [job] = await add(store, JOB)
    assert await store.write(lambda c: build_rows.add(c, job.id, "event 1", Row()))
    assert not await store.write(lambda c: build_rows.add(c, job.id, "event 1", Row()))
    assert await store.write(lambda c: build_rows.add(c, job.id, "event 2", Row()))
    owed = await store.read(build_rows.owed)
    assert [row.key for row in owed[job.id]] == ["event 1", "event 2"]
    await store.write(lambda c: build_rows.mark_written(c, [row.id for row in owed[job.id]]))
    assert await store.read(build_rows.owed) == {}
    await store.write(lambda c: build_rows.owe_all(c, job.id))
    assert len((await store.read(build_rows.owed))[job.id]) == 2
