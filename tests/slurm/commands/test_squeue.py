from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.job import ArrayPlace, Attempt, ExitStatus, HetPlace, QueuedJob
from headgate.model.states import JobState
from headgate.slurm.commands import squeue
from headgate.slurm.commands.marks import new_mark
from headgate.testing.slurm import squeue_text
from tests.slurm.commands.recorded_text import MARK, VERSIONS, recorded, recorded_ids

JOB = QueuedJob(
    attempt=Attempt("c", 7, 1_700_000_000),
    state=JobState.RUNNING,
    completing=False,
    user="ada",
    uid=1001,
    name="job",
    account="physics",
    partition="main",
    qos="normal",
    reason="",
    started=1_700_000_001.0,
    ended=1_700_003_601.0,
    nodes="n[1-2]",
    time_limit=3600,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


def read_back(*jobs: QueuedJob, mark: str = MARK) -> squeue.Queue:
    return squeue.parse(squeue_text(jobs, mark), mark, cluster="c")


@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_queue_is_read_whole(version: str) -> None:
    queue = squeue.parse(recorded(version, "squeue"), MARK, cluster="dev")
    ids = recorded_ids(version)
    jobs = {job.attempt.job_id: job for job in queue.jobs}
    assert queue.refused == 0
    assert set(ids.values()) <= set(jobs)
    assert jobs[ids["failed"]].exit == ExitStatus(3)
    assert jobs[ids["failed"]].name.startswith("a|b\nJobId=1 JobName=x\n")
    assert jobs[ids["high_code"]].exit == ExitStatus(255)
    assert jobs[ids["killed"]].exit == ExitStatus(0, 9)
    assert jobs[ids["never_started"]].started is None
    assert jobs[ids["never_started"]].state is JobState.CANCELLED
    assert jobs[ids["array"]].array == ArrayPlace(ids["array"], None, "3-5%2")
    assert jobs[ids["het"]].het == HetPlace(ids["het"], 0)
    assert jobs[ids["unlimited"]].time_limit is None
    assert jobs[ids["unlimited"]].name == "\ufffd" * 3
    assert jobs[ids["requeued"]].restarts == 1
    assert jobs[ids["cancelled"]].time_limit == 3600
    assert jobs[ids["cancelled"]].ended is not None
    tasks = [job for job in queue.jobs if job.array and job.array.array_id == ids["array"] and job.array.task]
    assert {job.label for job in tasks} == {f"{ids['array']}_1", f"{ids['array']}_2"}
    assert {job.state for job in tasks} == {JobState.RUNNING}


def test_format_is_in_the_environment_and_not_in_the_arguments() -> None:
    assert not any(MARK in word for word in squeue.command())
    assert squeue.environment(MARK)["SQUEUE_FORMAT2"].endswith(f",Name:{MARK}/")


def test_mark_is_never_the_same_and_never_looks_like_a_width() -> None:
    assert new_mark() != new_mark()
    assert not new_mark()[0].isdigit()
    assert "," not in new_mark()


@given(name=TEXT, user=TEXT)
def test_any_name_is_read_as_it_is(name: str, user: str) -> None:
    hostile = dataclasses.replace(JOB, name=name, user=user)
    after = dataclasses.replace(JOB, attempt=Attempt("c", 8, 1_700_000_000))
    assert read_back(hostile, after) == squeue.Queue([hostile, after])


@given(
    job_id=st.integers(1, 2**31),
    state=st.sampled_from(JobState),
    started=st.none() | st.integers(1, 2**33).map(float),
    code=st.integers(0, 255),
    signal=st.integers(0, 127),
    restarts=st.integers(0, 9999),
    limit=st.none() | st.integers(0, 10**7),
    place=st.none()
    | st.builds(ArrayPlace, st.integers(1, 2**31), st.integers(0, 4_000_000))
    | st.builds(ArrayPlace, st.integers(1, 2**31), st.none(), st.just("3-20%4")),
)
def test_any_job_is_read_as_it_was_written(
    *,
    job_id: int,
    state: JobState,
    started: float | None,
    code: int,
    signal: int,
    restarts: int,
    limit: int | None,
    place: ArrayPlace | None,
) -> None:
    job = dataclasses.replace(
        JOB,
        attempt=Attempt("c", job_id, 1_700_000_000),
        state=state,
        started=started,
        exit=ExitStatus(code, signal) if state.terminal else None,
        restarts=restarts,
        time_limit=limit,
        array=place,
    )
    assert read_back(job) == squeue.Queue([job])


@given(text=st.text())
def test_any_text_is_read_without_an_error_and_gives_no_job(text: str) -> None:
    assert squeue.parse(text, MARK, cluster="c").jobs == []


def test_unreadable_record_is_left_out_and_the_others_are_kept() -> None:
    broken = squeue_text([JOB], MARK).replace("RUNNING", "SLEEPING")
    text = squeue_text([JOB], MARK) + broken + squeue_text([JOB], MARK)
    assert squeue.parse(text, MARK, cluster="c") == squeue.Queue([JOB, JOB], refused=1)


def test_record_that_is_cut_off_is_left_out() -> None:
    text = squeue_text([JOB, JOB], MARK)
    assert squeue.parse(text[:-30], MARK, cluster="c") == squeue.Queue([JOB], refused=1)


def test_empty_queue_is_no_jobs() -> None:
    assert squeue.parse("", MARK, cluster="c") == squeue.Queue([])


def test_completing_job_has_no_base_state_but_an_exit_code() -> None:
    job = dataclasses.replace(JOB, state=None, completing=True, exit=ExitStatus(3))
    assert read_back(job) == squeue.Queue([job])


@pytest.mark.parametrize("status", ["768", "3:0"])
def test_exit_code_is_read_in_the_forms_of_old_and_new_versions(status: str) -> None:
    text = squeue_text([dataclasses.replace(JOB, state=JobState.FAILED, exit=ExitStatus(9))], MARK)
    text = text.replace(f"{MARK}2304{MARK}", f"{MARK}{status}{MARK}")
    assert squeue.parse(text, MARK, cluster="c").jobs[0].exit == ExitStatus(3)


def test_flag_in_place_of_the_base_state_is_read_as_the_state_it_means() -> None:
    text = squeue_text([JOB], MARK)
    jobs = [
        squeue.parse(text.replace("RUNNING", word), MARK, cluster="c").jobs[0]
        for word in ("CONFIGURING", "REQUEUE_HOLD")
    ]
    assert [job.state for job in jobs] == [JobState.RUNNING, JobState.PENDING]
