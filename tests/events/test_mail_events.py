from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.events.mail_events import attempt_key, label, lost_mail_key, mail_event, mail_request
from headgate.model.event import EventKind, Source
from headgate.model.job import ArrayPlace, Attempt, HetPlace
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.states import JobState
from tests.notify.jobs import ENDED, SUMMARY

ATTEMPT = Attempt("c", 7, 1000)


def test_a_mail_is_a_fact_of_its_own_for_each_record() -> None:
    event = mail_event(ENDED, cluster="other")
    assert (event.key, event.kind, event.cluster) == ("mail/alpha/r1", EventKind.MAIL_REQUESTED, "alpha")
    assert (event.subject, event.job_id, event.user, event.time) == ("job 123", 123, "ada", ENDED.received)
    assert event.source is Source.MAIL


def test_a_mail_that_does_not_name_its_cluster_is_of_ours() -> None:
    event = mail_event(replace(ENDED, cluster=""), cluster="ours")
    assert (event.key, event.cluster) == ("mail/ours/r1", "ours")


def test_a_key_can_be_given() -> None:
    event = mail_event(ENDED, cluster="", key="k", source=Source.WATCHER)
    assert (event.key, event.source) == ("k", Source.WATCHER)


@given(
    request=st.builds(
        MailRequest,
        record_id=st.text(),
        received=st.floats(0, 1e10),
        kind=st.sampled_from(MailKind),
        scope=st.sampled_from(MailScope),
        job_id=st.integers(1, 2**32),
        receivers=st.text(),
        name=st.text(),
        array=st.none() | st.builds(ArrayPlace, st.integers(1, 100), st.none() | st.integers(0, 100)),
        het=st.none() | st.builds(HetPlace, st.integers(1, 100), st.integers(0, 10)),
        state=st.none() | st.sampled_from(JobState),
        mixed=st.booleans(),
        exit_code=st.none() | st.integers(0, 255),
        run_time=st.none() | st.integers(0, 10**9),
        started=st.none() | st.floats(0, 1e10),
    )
)
def test_the_event_gives_the_request_back_whole(request: MailRequest) -> None:
    assert mail_request(mail_event(request, cluster="c")) == request


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (ENDED, "123"),
        (SUMMARY, "200_*"),
        (replace(SUMMARY, array=ArrayPlace(200, 0)), "200_0"),
        (replace(ENDED, het=HetPlace(120, 3)), "120+3"),
    ],
)
def test_jobs_are_called_as_users_write_them(request_: MailRequest, text: str) -> None:
    assert label(request_) == text


def test_ended_and_failed_are_one_mail_and_others_are_not() -> None:
    keys = {kind: lost_mail_key(ATTEMPT, kind, MailScope.JOB) for kind in MailKind}
    assert keys[MailKind.ENDED] == keys[MailKind.FAILED]
    assert len(set(keys.values())) == len(MailKind) - 1


def test_a_summary_is_another_mail_than_one_about_a_task() -> None:
    assert len({lost_mail_key(ATTEMPT, MailKind.ENDED, scope) for scope in MailScope}) == len(MailScope)


def test_every_kind_and_attempt_has_its_own_key() -> None:
    attempts = [ATTEMPT, replace(ATTEMPT, cluster="d"), replace(ATTEMPT, job_id=8), replace(ATTEMPT, submitted=1001)]
    keys = {attempt_key(kind, attempt) for kind in EventKind for attempt in attempts}
    assert len(keys) == len(EventKind) * len(attempts)
