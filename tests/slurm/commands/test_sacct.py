from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.job import ArrayPlace, Attempt, ExitStatus, Figures, HetPlace
from headgate.model.states import JobState
from headgate.slurm.commands import sacct
from headgate.testing.slurm import sacct_text
from tests.slurm.commands.recorded_text import MARK, VERSIONS, recorded, recorded_ids

MIB = 1 << 20
FIGURES = Figures(
    attempt=Attempt("c", 7, 1_700_000_000),
    label="7",
    name="job",
    user="ada",
    account="physics",
    partition="main",
    qos="normal",
    state=JobState.COMPLETED,
    cancelled_by=None,
    exit=ExitStatus(0),
    started=1_700_000_001.0,
    ended=1_700_000_061.0,
    elapsed=60,
    time_limit=3600,
    nodes="n[1-2]",
    node_count=2,
    cpus=4,
    cpu_used=200.0,
    memory_asked=8 << 30,
    memory_used=3 << 30,
    tres={"gres/gpu": 2},
    disk_read=1000,
    disk_written=2000,
    work_dir="/home/ada",
    comment="",
    steps=1,
    complete=True,
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


def read_back(*figures: Figures) -> sacct.Accounts:
    return sacct.parse(sacct_text(figures, MARK), MARK, cluster="c")


@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_accounts_are_read_whole(version: str) -> None:
    accounts = sacct.parse(recorded(version, "sacct"), MARK, cluster="dev")
    ids = recorded_ids(version)
    by_label = {one.label: one for one in accounts.figures}
    assert accounts.refused == 0
    failed = by_label[str(ids["failed"])]
    assert failed.exit == ExitStatus(3)
    assert failed.complete
    assert failed.memory_used is None
    assert failed.name.startswith("a|b\nJobId=1 JobName=x\n")
    assert (failed.user, failed.work_dir) == ("ada", "/tmp")  # noqa: S108 - where the job ran
    killed = by_label[str(ids["killed"])]
    assert killed.exit == ExitStatus(0, 9)
    assert killed.tres == {"gres/gpu": 2}
    assert killed.memory_asked == 500 * MIB
    assert killed.time_limit == 86400
    cancelled, never_started = by_label[str(ids["cancelled"])], by_label[str(ids["never_started"])]
    assert (cancelled.state, cancelled.cancelled_by) == (JobState.CANCELLED, 1001)
    assert (never_started.state, never_started.cancelled_by) == (JobState.CANCELLED, 1001)
    assert cancelled.started is not None
    assert (never_started.started, never_started.nodes, never_started.complete) == (None, "", True)
    task = by_label[f"{ids['array']}_1"]
    assert (task.array, task.state, task.complete) == (ArrayPlace(ids["array"], 1), JobState.RUNNING, False)
    assert by_label[f"{ids['array']}_[3-5%2]"].array == ArrayPlace(ids["array"], None, "3-5%2")
    (squares,) = [one for one in accounts.figures if one.attempt.job_id == ids["held_array"]]
    assert squares.array is not None
    assert squares.array.tasks.startswith("4,9,16,25,")
    het = by_label[f"{ids['het']}+1"]
    assert (het.het, het.attempt.job_id) == (HetPlace(ids["het"], 1), ids["het"] + 1)
    assert het.memory_asked == 300 * MIB
    assert by_label[str(ids["unlimited"])].time_limit is None
    two_tasks = by_label[str(ids["two_tasks"])]
    assert two_tasks.memory_used is not None
    assert 200 * MIB < two_tasks.memory_used < 300 * MIB
    assert two_tasks.memory_asked == 600 * MIB
    assert two_tasks.steps == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_requeue_is_two_attempts(version: str) -> None:
    accounts = sacct.parse(recorded(version, "sacct"), MARK, cluster="dev")
    job_id = recorded_ids(version)["requeued"]
    first, second = [one for one in accounts.figures if one.attempt.job_id == job_id]
    assert (first.requeued, first.state, first.complete) == (True, JobState.PENDING, True)
    assert (second.requeued, second.state, second.complete) == (False, JobState.PENDING, False)
    assert first.attempt < second.attempt


@given(name=TEXT, work_dir=TEXT, comment=TEXT, user=TEXT.filter(lambda text: text == text.strip()))
def test_any_name_directory_and_comment_are_read_as_they_are(name: str, work_dir: str, comment: str, user: str) -> None:
    hostile = dataclasses.replace(FIGURES, name=name, work_dir=work_dir, comment=comment, user=user)
    after = dataclasses.replace(FIGURES, attempt=Attempt("c", 8, 1_700_000_000), label="8")
    assert read_back(hostile, after) == sacct.Accounts([hostile, after])


@given(
    job_id=st.integers(1, 2**31),
    state=st.sampled_from(JobState),
    code=st.integers(0, 255),
    elapsed=st.integers(0, 10**8),
    limit=st.none() | st.integers(0, 10**5).map(lambda minutes: minutes * 60),
    cpu=st.integers(0, 10**9).map(float),
    memory=st.integers(0, 2**50),
)
def test_any_figures_are_read_as_they_were_written(
    *, job_id: int, state: JobState, code: int, elapsed: int, limit: int | None, cpu: float, memory: int
) -> None:
    figures = dataclasses.replace(
        FIGURES,
        attempt=Attempt("c", job_id, 1_700_000_000),
        label=str(job_id),
        state=state,
        exit=ExitStatus(code),
        elapsed=elapsed,
        time_limit=limit,
        cpu_used=cpu,
        memory_used=memory,
        complete=state.terminal,
    )
    assert read_back(figures) == sacct.Accounts([figures])


@given(text=st.text())
def test_any_text_is_read_without_an_error_and_gives_nothing(text: str) -> None:
    assert sacct.parse(text, MARK, cluster="c").figures == []


def test_unreadable_record_is_left_out_with_its_steps_and_the_others_are_kept() -> None:
    broken = sacct_text([FIGURES], MARK).replace("COMPLETED", "SLEEPING")
    other = dataclasses.replace(FIGURES, attempt=Attempt("c", 8, 1_700_000_000), label="8")
    text = broken + sacct_text([other], MARK)
    assert sacct.parse(text, MARK, cluster="c") == sacct.Accounts([other], refused=2)


def test_record_that_is_cut_off_is_left_out() -> None:
    text = sacct_text([FIGURES, dataclasses.replace(FIGURES, attempt=Attempt("c", 8, 1), label="8", steps=0)], MARK)
    assert sacct.parse(text[:-30], MARK, cluster="c") == sacct.Accounts([FIGURES], refused=1)


def test_step_without_its_job_is_left_out() -> None:
    job, step = sacct_text([FIGURES], MARK).splitlines(keepends=True)
    assert sacct.parse(step, MARK, cluster="c") == sacct.Accounts([], refused=1)
    assert sacct.parse(job, MARK, cluster="c").figures[0].steps == 0


def test_second_record_of_the_same_attempt_does_not_count() -> None:
    second = dataclasses.replace(FIGURES, memory_used=1)
    assert read_back(FIGURES, second) == sacct.Accounts([FIGURES], refused=1)


def test_without_steps_only_what_never_started_is_complete() -> None:
    ran = dataclasses.replace(FIGURES, steps=0)
    waited = dataclasses.replace(
        FIGURES, attempt=Attempt("c", 8, 1), label="8", started=None, nodes="", steps=0, state=JobState.CANCELLED
    )
    figures = sacct.parse(sacct_text([ran, waited], MARK), MARK, cluster="c", with_steps=False).figures
    assert [one.complete for one in figures] == [False, True]


def test_command_for_jobs_names_each_job_once_and_splits_what_is_too_long_for_an_argument() -> None:
    words = sacct.command_for_jobs(range(2_000_000_000, 2_000_012_000), MARK)
    lists = [word.removeprefix("--jobs=") for word in words if word.startswith("--jobs=")]
    assert [int(job_id) for one in lists for job_id in one.split(",")] == list(range(2_000_000_000, 2_000_012_000))
    assert max(len(word) for word in words) < 128 * 1024


def test_command_without_jobs_is_refused_because_it_would_ask_for_all() -> None:
    with pytest.raises(ValueError, match="without job ids"):
        sacct.command_for_jobs([], MARK)


def test_times_of_a_window_are_given_in_utc() -> None:
    words = sacct.command_for_window(0, 86399.9, MARK)
    assert "--starttime=1970-01-01T00:00:00" in words
    assert "--endtime=1970-01-01T23:59:59" in words
    assert sacct.environment()["TZ"] == "UTC0"
