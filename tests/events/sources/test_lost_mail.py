"""Which mail belongs to an event, whether Slurm asked for it, and what is said if it did not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from headgate.events.mail_events import lost_mail_key, mail_event, mail_request
from headgate.events.sources.changes import KnownJob
from headgate.events.sources.lost_mail import ArrayStatus, Expected, Wish, expected, lost_mail, was_asked
from headgate.model.event import Event, EventKind, Source
from headgate.model.job import ArrayPlace, Attempt
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.states import JobState

ATTEMPT = Attempt("c", 7, 1000)
JOB = KnownJob(ATTEMPT, "7", "align", "ada", "bio", "batch", state="RUNNING", begun=True)
TASK = replace(JOB, attempt=Attempt("c", 103, 1000), label="100_3", array_id=100)
ALL = Wish(frozenset({"BEGIN", "END", "FAIL", "REQUEUE"}), "ada@example.org")
ENDED, FAILED, BEGAN = MailKind.ENDED, MailKind.FAILED, MailKind.BEGAN


def about(kind: EventKind, state: str | None = None, **data: Any) -> Event:
    told = data | ({} if state is None else {"state": state})
    return Event("k", kind, 1200.0, "job 7", Source.WATCHER, cluster="c", job_id=7, user="ada", data=told)


STARTED, REQUEUED = about(EventKind.JOB_STARTED), about(EventKind.JOB_REQUEUED)


def kind_of(event: Event, *types: str) -> MailKind | None:
    wanted = expected(event, JOB, Wish(frozenset(types), ""), None)
    return None if wanted is None else wanted.kind


@pytest.mark.parametrize(
    ("event", "word", "kind"),
    [
        (STARTED, "BEGIN", BEGAN),
        (REQUEUED, "REQUEUE", MailKind.REQUEUED),
        (about(EventKind.JOB_ENDED, "COMPLETED"), "END", ENDED),
        (about(EventKind.JOB_ENDED, "CANCELLED"), "END", ENDED),
        (about(EventKind.JOB_ENDED, "CANCELLED by 1000"), "END", ENDED),
        (about(EventKind.JOB_ENDED), "END", ENDED),
    ],
)
def test_a_mail_belongs_to_an_event_only_for_who_asked_for_it(event: Event, word: str, kind: MailKind) -> None:
    assert kind_of(event, word) is kind
    assert kind_of(event, *{"BEGIN", "END", "FAIL", "REQUEUE", "TIME_LIMIT"} - {word}) is None


@pytest.mark.parametrize("state", [state.text for state in JobState if state.failed])
def test_a_failure_is_told_as_failed_to_who_asked_for_failures_and_as_ended_to_others(state: str) -> None:
    event = about(EventKind.JOB_ENDED, state)
    assert kind_of(event, "FAIL") is FAILED
    assert kind_of(event, "FAIL", "END") is FAILED
    assert kind_of(event, "END") is ENDED
    assert kind_of(event, "BEGIN") is None


@pytest.mark.parametrize("kind", [EventKind.JOB_SUBMITTED, EventKind.JOB_SUSPENDED, EventKind.JOB_RESUMED])
def test_slurm_sends_no_mail_about_other_events(kind: EventKind) -> None:
    assert kind_of(about(kind), "BEGIN", "END", "FAIL", "REQUEUE") is None


def test_a_mail_about_a_job_is_of_its_attempt() -> None:
    assert expected(STARTED, JOB, ALL, None) == Expected(ATTEMPT, BEGAN, MailScope.JOB)


def test_who_asked_for_tasks_gets_a_mail_for_each() -> None:
    wish = Wish(ALL.types | {"ARRAY_TASKS"}, "")
    assert expected(STARTED, TASK, wish, ArrayStatus(open=True, submitted=900)) == Expected(
        TASK.attempt, BEGAN, MailScope.ARRAY_TASK
    )


def test_an_array_is_summed_up_when_its_last_task_is_over() -> None:
    end = about(EventKind.JOB_ENDED, "COMPLETED")
    assert expected(end, TASK, ALL, ArrayStatus(open=True, submitted=900)) is None
    wanted = expected(end, TASK, ALL, ArrayStatus(open=False, submitted=900))
    assert wanted == Expected(Attempt("c", 100, 900), ENDED, MailScope.ARRAY_SUMMARY)


def test_an_array_begins_while_its_tasks_are_open() -> None:
    wanted = expected(STARTED, TASK, ALL, ArrayStatus(open=True, submitted=1000))
    assert wanted == Expected(Attempt("c", 100, 1000), BEGAN, MailScope.ARRAY_SUMMARY)


def mail(kind: MailKind = ENDED, job_id: int = 7, received: float = 1201.0, **more: Any) -> Event:
    request = MailRequest("r", received, kind, more.pop("scope", MailScope.JOB), job_id, "ada", **more)
    return mail_event(request, cluster="c")


WANTED = Expected(ATTEMPT, ENDED, MailScope.JOB)


@pytest.mark.parametrize("asked", [mail(), mail(FAILED), mail(received=999.5)])
def test_a_mail_of_the_kind_about_the_job_was_it(asked: Event) -> None:
    assert was_asked(WANTED, [asked])


@pytest.mark.parametrize("other", [mail(BEGAN), mail(job_id=8), mail(received=900.0), mail(MailKind.TIME_LIMIT)])
def test_a_mail_of_another_kind_job_or_time_was_not(other: Event) -> None:
    assert not was_asked(WANTED, [other])
    assert not was_asked(WANTED, [])


def test_a_mail_that_was_made_good_before_is_not_missing() -> None:
    made = replace(mail(BEGAN, job_id=9), key=lost_mail_key(ATTEMPT, ENDED, MailScope.JOB))
    assert was_asked(WANTED, [made])


def test_a_summary_is_known_by_the_array_whichever_task_slurm_names() -> None:
    wanted = Expected(Attempt("c", 100, 1000), ENDED, MailScope.ARRAY_SUMMARY)
    assert was_asked(wanted, [mail(job_id=104, array=ArrayPlace(100, None), scope=MailScope.ARRAY_SUMMARY)])
    assert not was_asked(wanted, [mail(job_id=104, array=ArrayPlace(99, None), scope=MailScope.ARRAY_SUMMARY)])
    assert not was_asked(wanted, [mail(job_id=100)])


def test_what_is_said_instead_is_what_slurm_would_have_said() -> None:
    end = about(EventKind.JOB_ENDED, "FAILED", exit_code=2, signal=0)
    made = lost_mail(Expected(ATTEMPT, FAILED, MailScope.JOB), end, JOB, ALL, 1500.0)
    request = mail_request(made)
    assert (made.key, made.source, made.time) == ("mail.lost/c/7/1000/over/job", Source.WATCHER, 1200.0)
    assert (request.kind, request.receivers, request.received) == (FAILED, "ada@example.org", 1500.0)
    assert (request.state, request.exit_code, request.signal) == (JobState.FAILED, 2, 0)
    assert (request.name, request.user, request.account) == ("align", "ada", "bio")


def test_a_lost_mail_about_a_task_names_the_task() -> None:
    made = lost_mail(Expected(TASK.attempt, BEGAN, MailScope.ARRAY_TASK), STARTED, TASK, ALL, 1500.0)
    assert mail_request(made).array == ArrayPlace(100, 3)
    assert made.subject == "job 100_3"


def test_a_lost_summary_does_not_claim_one_tasks_end_for_all() -> None:
    end = about(EventKind.JOB_ENDED, "FAILED", exit_code=2, signal=0)
    wanted = Expected(Attempt("c", 100, 1000), FAILED, MailScope.ARRAY_SUMMARY)
    request = mail_request(lost_mail(wanted, end, TASK, ALL, 1500.0))
    assert (request.array, request.job_id) == (ArrayPlace(100, None), 100)
    assert (request.state, request.exit_code, request.signal) == (None, None, None)


def test_a_lost_mail_about_tasks_that_wait_names_the_array() -> None:
    waiting = replace(TASK, label="100_*")
    made = lost_mail(Expected(waiting.attempt, BEGAN, MailScope.ARRAY_TASK), STARTED, waiting, ALL, 1500.0)
    assert made.subject == "job 100_*"
