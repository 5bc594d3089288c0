"""Every way a job can go, as two looks at the queue, or accounting, tell it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.events.sources.changes import Changes, KnownJob, catch_up, compare, resolve
from headgate.model.event import Event, EventKind, Source
from headgate.model.job import ArrayPlace, Attempt, ExitStatus, HetPlace, QueuedJob
from headgate.model.states import JobState
from tests.events.sources.seen import accounted, queued, task

PENDING, RUNNING, SUSPENDED = JobState.PENDING, JobState.RUNNING, JobState.SUSPENDED


@dataclass
class Looks:
    """Looks one after the other, each ten seconds after the last; remembers as the watcher does."""

    known: dict[Attempt, KnownJob] = field(default_factory=dict)
    now: float = 2000.0

    def at(self, *queue: QueuedJob) -> Changes:
        self.now += 10
        changes = compare(self.known, queue, self.now)
        self.known.update(changes.jobs)
        return changes


def kinds(changes: Changes) -> list[str]:
    return [event.kind.value for event in changes.events.values()]


def only(changes: Changes) -> Event:
    [event] = changes.events.values()
    return event


@pytest.fixture
def looks() -> Looks:
    return Looks()


def test_a_new_job_is_submitted_at_its_submit_time(looks: Looks) -> None:
    event = only(looks.at(queued()))
    assert (event.kind, event.time, event.key) == (EventKind.JOB_SUBMITTED, 1000, "job.submitted/c/7/1000")
    assert (event.subject, event.user, event.job_id, event.source) == ("job 7", "ada", 7, Source.WATCHER)
    assert event.data == {"label": "7", "name": "align", "account": "bio", "partition": "batch", "submitted": 1000}


def test_a_pending_job_with_an_expected_start_has_not_started(looks: Looks) -> None:
    looks.at(queued())
    assert kinds(looks.at(queued(started=9000.0))) == []


def test_a_start_has_slurms_own_time_and_its_nodes(looks: Looks) -> None:
    looks.at(queued())
    event = only(looks.at(queued(state=RUNNING, nodes="n[1-2]")))
    assert (event.kind, event.time, event.data["nodes"]) == (EventKind.JOB_STARTED, 1100.0, "n[1-2]")


@pytest.mark.parametrize("started", [None, 99_999.0])
def test_a_start_that_slurm_does_not_date_or_dates_ahead_is_now(looks: Looks, started: float | None) -> None:
    looks.at(queued())
    assert only(looks.at(queued(state=RUNNING, started=started))).time == looks.now


def test_a_job_first_seen_running_was_submitted_and_started(looks: Looks) -> None:
    assert kinds(looks.at(queued(state=RUNNING))) == ["job.submitted", "job.started"]


def test_a_job_first_seen_over_tells_its_whole_life(looks: Looks) -> None:
    changes = looks.at(queued(state=JobState.COMPLETED))
    assert kinds(changes) == ["job.submitted", "job.started", "job.ended"]
    assert [event.time for event in changes.events.values()] == [1000, 1100.0, 1200.0]


def test_suspended_and_resumed_each_time_anew(looks: Looks) -> None:
    looks.at(queued(state=RUNNING))
    told = [looks.at(queued(state=state)) for state in (SUSPENDED, SUSPENDED, RUNNING, RUNNING, SUSPENDED, RUNNING)]
    assert [kinds(changes) for changes in told] == [
        ["job.suspended"], [], ["job.resumed"], [], ["job.suspended"], ["job.resumed"],
    ]  # fmt: skip
    assert len({key for changes in told for key in changes.events}) == 4


@pytest.mark.parametrize("state", [state for state in JobState if state.terminal])
def test_an_end_tells_state_exit_code_and_signal(looks: Looks, state: JobState) -> None:
    looks.at(queued(state=RUNNING))
    event = only(looks.at(queued(state=state, exit=ExitStatus(3, 9), reason="NonZeroExitCode", restarts=2)))
    assert (event.kind, event.time) == (EventKind.JOB_ENDED, 1200.0)
    told = {name: event.data[name] for name in ("state", "exit_code", "signal", "reason", "restarts")}
    assert told == {"state": state.text, "exit_code": 3, "signal": 9, "reason": "NonZeroExitCode", "restarts": 2}
    assert not looks.known[Attempt("c", 7, 1000)].open


def test_an_end_without_figures_says_nothing_rather_than_zero(looks: Looks) -> None:
    looks.at(queued(state=RUNNING))
    event = only(looks.at(queued(state=JobState.NODE_FAIL, exit=None, ended=None)))
    assert (event.time, event.data["exit_code"], event.data["signal"]) == (looks.now, None, None)
    assert "reason" not in event.data


def test_a_job_cancelled_before_it_started_ended_and_never_started(looks: Looks) -> None:
    looks.at(queued())
    cancelled = queued(state=JobState.CANCELLED, nodes="", started=None, ended=1150.0)
    event = only(looks.at(cancelled))
    assert (event.kind, event.time, event.data["state"]) == (EventKind.JOB_ENDED, 1150.0, "CANCELLED")


def test_a_completing_job_has_not_ended_yet(looks: Looks) -> None:
    looks.at(queued(state=RUNNING))
    completing = looks.at(queued(state=JobState.COMPLETED, completing=True))
    assert (kinds(completing), completing.left) == ([], [])
    assert kinds(looks.at(queued(state=JobState.COMPLETED))) == ["job.ended"]


def test_completing_without_a_base_state_changes_nothing(looks: Looks) -> None:
    looks.at(queued(state=RUNNING))
    before = dict(looks.known)
    changes = looks.at(queued(state=None, completing=True, nodes="n1"))
    assert (changes.events, changes.left, looks.known) == ({}, [], before)


def test_a_job_first_seen_completing_is_submitted_and_its_start_told_with_its_end(looks: Looks) -> None:
    assert kinds(looks.at(queued(state=None, completing=True))) == ["job.submitted"]
    assert kinds(looks.at(queued(state=JobState.FAILED))) == ["job.started", "job.ended"]


def test_requeued_is_a_new_attempt_that_starts_anew(looks: Looks) -> None:
    looks.at(queued(state=RUNNING))
    requeued = looks.at(queued(submitted=1500, restarts=1))
    event = only(requeued)
    assert (event.kind, event.key, event.time) == (EventKind.JOB_REQUEUED, "job.requeued/c/7/1500", 1500)
    assert (event.data["restarts"], event.data["previous"]) == (1, 1000)
    assert requeued.left == []
    assert not looks.known[Attempt("c", 7, 1000)].open
    again = only(looks.at(queued(submitted=1500, restarts=1, state=RUNNING, started=1600.0)))
    assert again.key == "job.started/c/7/1500"


def test_a_new_submit_time_is_a_requeue_even_before_slurm_counts_it(looks: Looks) -> None:
    looks.at(queued(state=RUNNING))
    assert only(looks.at(queued(submitted=1500, restarts=0))).data["restarts"] == 0


@pytest.mark.parametrize("other", [{"user": "ben"}, {"user": "ben", "restarts": 1}, {"name": "other"}], ids=str)
def test_a_number_that_slurm_forgot_and_gave_again_is_another_job_and_the_first_one_left(
    looks: Looks, other: dict[str, Any]
) -> None:
    looks.at(queued(state=RUNNING))
    changes = looks.at(queued(submitted=1500, **other))
    assert [event.data["submitted"] for event in changes.events.values()] == [1500]
    assert "previous" not in only(changes).data or only(changes).data["previous"] is None
    assert changes.left == [Attempt("c", 7, 1000)]


def test_a_job_may_get_another_name_before_it_is_requeued(looks: Looks) -> None:
    looks.at(queued(state=RUNNING))
    assert only(looks.at(queued(submitted=1500, name="renamed", restarts=1))).data["previous"] == 1000


def test_a_job_first_seen_after_its_requeue_was_requeued_not_submitted(looks: Looks) -> None:
    event = only(looks.at(queued(restarts=3)))
    assert (event.kind, event.data["restarts"], event.data["previous"]) == (EventKind.JOB_REQUEUED, 3, None)


def test_a_job_id_used_again_is_another_job(looks: Looks) -> None:
    looks.at(queued(state=JobState.COMPLETED))
    changes = looks.at(queued(submitted=900_000))
    assert only(changes).key == "job.submitted/c/7/900000"


def test_a_job_that_ended_says_no_more_while_slurm_still_shows_it(looks: Looks) -> None:
    looks.at(queued(state=JobState.COMPLETED))
    changes = looks.at(queued(state=JobState.COMPLETED))
    assert (changes.events, changes.jobs, changes.left) == ({}, {}, [])


def test_an_array_that_splits_into_tasks_was_submitted_once(looks: Looks) -> None:
    whole = only(looks.at(task(None, 100)))
    assert (whole.key, whole.subject) == ("job.submitted/c/100/1000", "job 100_*")
    split = looks.at(task(None, 100), *(task(index, 101 + index, RUNNING) for index in range(3)))
    submitted = [event for event in split.events.values() if event.kind is EventKind.JOB_SUBMITTED]
    assert {event.key for event in submitted} <= {whole.key}
    started = [event for event in split.events.values() if event.kind is EventKind.JOB_STARTED]
    assert [event.subject for event in started] == ["job 100_0", "job 100_1", "job 100_2"]
    assert {event.array_id for event in started} == {100}


def test_the_last_task_of_an_array_has_the_arrays_own_id(looks: Looks) -> None:
    looks.at(task(None, 100))
    event = only(looks.at(task(9, 100, RUNNING)))
    assert (event.key, event.subject) == ("job.started/c/100/1000", "job 100_9")


def test_an_array_first_seen_as_tasks_is_submitted_under_its_own_id(looks: Looks) -> None:
    changes = looks.at(*(task(index, 101 + index) for index in range(20)))
    assert only(changes).key == "job.submitted/c/100/1000"
    assert len(changes.jobs) == 20


def test_each_task_of_an_array_ends_for_itself(looks: Looks) -> None:
    looks.at(*(task(index, 101 + index, RUNNING) for index in range(3)))
    changes = looks.at(task(0, 101, JobState.COMPLETED), task(1, 102, JobState.FAILED), task(2, 103, RUNNING))
    assert [(e.subject, e.data["state"]) for e in changes.events.values()] == [
        ("job 100_0", "COMPLETED"), ("job 100_1", "FAILED"),
    ]  # fmt: skip


def test_a_requeued_task_is_not_a_submission_of_its_array(looks: Looks) -> None:
    looks.at(task(0, 101, RUNNING))
    assert kinds(looks.at(task(0, 101, submitted=1500, restarts=1))) == ["job.requeued"]


def test_components_of_a_het_job_keep_their_ids_and_names(looks: Looks) -> None:
    parts = [queued(50 + offset, RUNNING, het=HetPlace(50, offset)) for offset in range(2)]
    changes = looks.at(*parts)
    assert sorted({event.subject for event in changes.events.values()}) == ["job 50+0", "job 50+1"]
    assert len(changes.events) == 4


def test_jobs_that_left_the_queue_are_named_until_they_are_resolved(looks: Looks) -> None:
    looks.at(queued(), queued(8, RUNNING), queued(9, JobState.COMPLETED))
    left = [Attempt("c", 7, 1000), Attempt("c", 8, 1000)]
    assert looks.at().left == left
    assert looks.at().left == left


def test_a_queue_that_is_empty_and_stays_so_is_nothing_new(looks: Looks) -> None:
    changes = looks.at()
    assert (changes.events, changes.jobs, changes.new, changes.left) == ({}, {}, [], [])


# What accounting says of those that left.


def left_alone(*jobs: QueuedJob) -> tuple[dict[Attempt, KnownJob], list[Attempt]]:
    looks = Looks()
    looks.at(*jobs)
    return looks.known, looks.at().left


def test_a_job_that_left_is_told_by_accounting() -> None:
    known, left = left_alone(queued(state=RUNNING))
    figures = accounted(state=JobState.FAILED, exit=ExitStatus(2, 15))
    changes = resolve(known, left, [figures])
    event = only(changes)
    assert (event.key, event.source, event.time) == ("job.ended/c/7/1000", Source.ACCOUNTING, 1200.0)
    assert (event.data["state"], event.data["exit_code"], event.data["signal"]) == ("FAILED", 2, 15)
    assert not changes.jobs[figures.attempt].open


def test_a_start_nobody_saw_is_told_before_the_end() -> None:
    known, left = left_alone(queued())
    changes = resolve(known, left, [accounted()])
    assert [(e.kind.value, e.time) for e in changes.events.values()] == [("job.started", 1100.0), ("job.ended", 1200.0)]


def test_one_that_never_started_only_ended_and_who_cancelled_it_is_told() -> None:
    known, left = left_alone(queued())
    figures = accounted(state=JobState.CANCELLED, started=None, ended=1150.0, cancelled_by=1000, nodes="")
    event = only(resolve(known, left, [figures]))
    assert (event.kind, event.time, event.data["cancelled_by"]) == (EventKind.JOB_ENDED, 1150.0, 1000)


@pytest.mark.parametrize(("started", "at"), [(1100.0, 1100.0), (None, 1000)])
def test_an_end_that_accounting_does_not_date_is_dated_by_what_is_known(started: float | None, at: float) -> None:
    known, left = left_alone(queued(state=RUNNING))
    changes = resolve(known, left, [accounted(state=JobState.CANCELLED, started=started, ended=None)])
    assert only(changes).time == at


@pytest.mark.parametrize("state", [RUNNING, SUSPENDED, PENDING])
def test_what_accounting_does_not_call_over_is_asked_for_again(state: JobState) -> None:
    known, left = left_alone(queued())
    changes = resolve(known, left, [accounted(state=state)])
    assert (changes.events, changes.jobs) == ({}, {})


def test_an_attempt_that_accounting_calls_requeued_is_closed_without_an_end() -> None:
    known, left = left_alone(queued(state=RUNNING))
    figures = accounted(state=PENDING, ended=1200.0, requeued=True)
    changes = resolve(known, left, [figures])
    assert changes.events == {}
    assert not changes.jobs[figures.attempt].open


def test_other_attempts_of_the_same_job_id_are_not_mixed_up() -> None:
    known, left = left_alone(queued(state=RUNNING))
    others = [accounted(submitted=5), accounted(submitted=5000), accounted(8)]
    assert resolve(known, left, others).events == {}


def test_only_what_left_is_resolved() -> None:
    looks = Looks()
    looks.at(queued(state=RUNNING), queued(8, RUNNING))
    changes = resolve(looks.known, [Attempt("c", 7, 1000)], [accounted(7), accounted(8)])
    assert [event.job_id for event in changes.events.values()] == [7]


# What came and went while nobody watched.


def test_a_job_nobody_saw_is_told_whole() -> None:
    changes = catch_up({}, [accounted()])
    assert [(e.kind.value, e.time, e.source) for e in changes.events.values()] == [
        ("job.submitted", 1000, Source.ACCOUNTING),
        ("job.started", 1100.0, Source.ACCOUNTING),
        ("job.ended", 1200.0, Source.ACCOUNTING),
    ]
    assert changes.new == [Attempt("c", 7, 1000)]


def test_a_job_known_before_ends_and_is_not_submitted_again() -> None:
    looks = Looks()
    looks.at(queued(state=RUNNING))
    changes = catch_up(looks.known, [accounted()])
    assert (kinds(changes), changes.new) == (["job.ended"], [])


def test_a_job_that_was_over_before_is_not_told_again() -> None:
    looks = Looks()
    looks.at(queued(state=JobState.COMPLETED))
    assert catch_up(looks.known, [accounted()]).events == {}


def test_a_job_that_still_runs_is_left_to_the_queue() -> None:
    assert catch_up({}, [accounted(state=RUNNING), accounted(8, PENDING, requeued=True)]).events == {}


def test_an_array_nobody_saw_was_submitted_once() -> None:
    figures = [accounted(101 + index, label=f"100_{index}", array=ArrayPlace(100, index)) for index in range(5)]
    changes = catch_up({}, figures)
    assert kinds(changes).count("job.submitted") == 1
    assert kinds(changes).count("job.ended") == 5


def test_what_is_remembered_survives_the_store_form() -> None:
    known = KnownJob(Attempt("c", 7, 1000), "7", "x", "ada", "bio", "batch", 100, "RUNNING", begun=True)
    names = {"label", "name", "user", "account", "partition", "state", "begun", "reason"}
    assert set(known.data()) == names


# Whatever the queue shows.


@st.composite
def _record(draw: st.DrawFn) -> QueuedJob:
    state = draw(st.sampled_from([*JobState, None]))
    job_id = draw(st.sampled_from([1, 2, 100, 101]))
    job = queued(
        job_id,
        state,
        submitted=draw(st.sampled_from([1000, 1500])),
        completing=state is None or draw(st.booleans()),
        restarts=draw(st.integers(0, 1)),
    )
    job = replace(job, nodes=draw(st.sampled_from(["", "n1"])))
    return replace(job, array=ArrayPlace(100, job_id)) if job_id >= 100 else job


snapshots = st.lists(st.lists(_record(), max_size=4, unique_by=lambda job: job.attempt.job_id), max_size=8)


@given(snapshots)
def test_whatever_the_queue_shows_no_fact_is_told_twice_and_the_same_look_tells_nothing(
    queues: list[list[QueuedJob]],
) -> None:
    looks = Looks()
    told: set[str] = set()
    for queue in queues:
        changes = looks.at(*queue)
        # Each task of an array tells of the array's one submission; the journal keeps it once.
        new = {key for key, event in changes.events.items() if event.array_id is None or key not in told}
        assert not new & told
        told |= new
        again = compare(looks.known, queue, looks.now)
        assert (again.events, again.jobs, again.new) == ({}, {}, [])


@given(snapshots)
def test_whatever_the_queue_shows_an_attempt_ends_once_and_never_starts_after_it(
    queues: list[list[QueuedJob]],
) -> None:
    looks = Looks()
    ended: set[Attempt] = set()
    for queue in queues:
        for event in looks.at(*queue).events.values():
            attempt = Attempt("c", event.job_id or 0, int(str(event.data["submitted"])))
            if event.kind in (EventKind.JOB_STARTED, EventKind.JOB_SUSPENDED, EventKind.JOB_ENDED):
                assert attempt not in ended
            if event.kind is EventKind.JOB_ENDED:
                ended.add(attempt)
