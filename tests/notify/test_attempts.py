"""Which of a job id's attempts a mail is about."""

from __future__ import annotations

from dataclasses import replace

from headgate.model.job import ArrayPlace, Attempt, Figures
from headgate.model.mail import MailKind, MailScope
from headgate.model.states import JobState
from headgate.notify.attempts import CLOCK_SKEW, choose, tasks_of
from tests.notify.jobs import ENDED, START, SUMMARY, figures, task


def attempt(
    submitted: int, state: JobState = JobState.COMPLETED, *, requeued: bool = False, job_id: int = 123
) -> Figures:
    own = Attempt("alpha", job_id, START + submitted)
    return figures(state, attempt=own, started=float(START + submitted + 10), requeued=requeued)


FIRST = attempt(-5000, JobState.PENDING, requeued=True)
SECOND = attempt(-100)
REQUEUED = replace(ENDED, kind=MailKind.REQUEUED)
BEGAN = replace(ENDED, kind=MailKind.BEGAN)


def test_the_latest_attempt_is_meant() -> None:
    assert choose(ENDED, [SECOND, attempt(-9000)]) == SECOND
    assert choose(BEGAN, [attempt(-9000), SECOND]) == SECOND


def test_one_that_was_submitted_after_the_mail_is_not() -> None:
    later = attempt(int(ENDED.received - START) + int(CLOCK_SKEW) + 1)
    assert choose(ENDED, [SECOND, later]) == SECOND
    assert choose(ENDED, [later]) is None


def test_clocks_may_differ_a_little() -> None:
    same_moment = attempt(int(ENDED.received - START) + int(CLOCK_SKEW))
    assert choose(ENDED, [same_moment]) == same_moment


def test_another_job_is_not_meant() -> None:
    assert choose(ENDED, [attempt(-100, job_id=124)]) is None
    assert choose(ENDED, []) is None


def test_the_start_that_the_mail_tells_decides() -> None:
    assert choose(replace(ENDED, started=FIRST.started), [FIRST, SECOND]) == FIRST
    assert choose(replace(ENDED, started=1.0), [FIRST, SECOND]) == SECOND


def test_a_requeue_is_about_the_attempt_that_was_put_back() -> None:
    assert choose(REQUEUED, [FIRST, SECOND]) == FIRST
    assert choose(REQUEUED, [SECOND]) == SECOND


def test_an_end_is_not_about_an_attempt_that_was_put_back() -> None:
    put_back = attempt(-50, JobState.PENDING, requeued=True)
    assert choose(ENDED, [SECOND, put_back]) == SECOND
    assert choose(ENDED, [put_back]) == put_back


def test_tasks_are_those_of_the_array_each_with_its_latest_attempt() -> None:
    again = task(1, JobState.FAILED, attempt=Attempt("alpha", 201, START))
    other = task(2, array=ArrayPlace(999, 2))
    tasks = tasks_of(
        SUMMARY,
        [
            again,
            task(1),
            other,
            task(3),
        ],
    )
    assert sorted(tasks, key=lambda one: one.label) == [again, task(3)]


def test_a_later_use_of_the_arrays_id_is_left_out() -> None:
    later = task(1, attempt=Attempt("alpha", 201, int(SUMMARY.received) + 1000))
    assert tasks_of(SUMMARY, [task(1), later]) == [task(1)]


def test_tasks_that_wait_count_as_what_they_stand_for() -> None:
    waiting = task(9, JobState.PENDING, array=ArrayPlace(200, None, "9-20"))
    assert waiting in tasks_of(SUMMARY, [task(1), waiting])


def test_only_a_summary_has_tasks() -> None:
    assert tasks_of(ENDED, [task(1)]) == []
    assert tasks_of(replace(SUMMARY, scope=MailScope.ARRAY_TASK), [task(1)]) == []
    assert tasks_of(replace(SUMMARY, array=None), [task(1)]) == []
