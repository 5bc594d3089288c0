from __future__ import annotations

from dataclasses import replace
from typing import Any

from scripts.demo.checks import faults, missing
from scripts.demo.mails import Mail
from scripts.demo.play import Job
from scripts.demo.timeline import Event

JOB = Job(
    name="analyse",
    user="ada",
    plot="fails",
    script="",
    outcomes=("started", "failed"),
    says=("exit code 3",),
    ends={"FAILED": 1},
    dead=("matrix:x",),
)
STARTED = Mail("ada@example.org", 'Started: job 7 "analyse"', "started", 7, (), "It waited", "<p>")
FAILED = Mail("ada@example.org", 'Failed (exit code 3): job 7 "analyse"', "failed", 7, (), "It ran", "<p>")
MAILS = [STARTED, FAILED]
KINDS = ("job.submitted", "job.started", "mail.requested", "job.ended", "mail.requested")
EVENTS: list[Event] = [
    {"kind": kind, "subject": "job 7", "data": {"state": "FAILED"} if kind == "job.ended" else {}} for kind in KINDS
]
DELIVERIES: list[dict[str, Any]] = [
    {"job_id": 7, "connector": "mailto", "target": "ada@example.org", "state": "delivered"},
    {"job_id": 7, "connector": "mailto", "target": "ada@example.org", "state": "delivered"},
    {"job_id": 7, "connector": "matrix", "target": "x", "state": "dead"},
]


def wrong(
    mails: list[Mail] = MAILS, events: list[Event] = EVENTS, deliveries: list[dict[str, Any]] = DELIVERIES
) -> list[str]:
    return faults({7: JOB}, mails, events, deliveries)


def test_nothing_is_wrong_when_all_is_as_the_play_says() -> None:
    assert wrong() == []


def test_a_mail_that_is_missing_or_doubled_is_a_fault() -> None:
    assert wrong(mails=[STARTED])[0] == "job 7 (analyse): mails should say started, failed, but say started"
    assert wrong(mails=[STARTED, FAILED, FAILED]) == [
        "job 7 (analyse): mails should say started, failed, but say started, failed, failed"
    ]


def test_mails_out_of_order_are_a_fault() -> None:
    assert any("but say failed, started" in fault for fault in wrong(mails=[FAILED, STARTED]))


def test_a_mail_to_somebody_else_is_a_fault() -> None:
    assert wrong(mails=[STARTED, replace(FAILED, to="ben@example.org")]) == [
        "job 7 (analyse): a mail went to ben@example.org and not to ada@example.org"
    ]


def test_a_mail_that_does_not_say_what_happened_is_a_fault() -> None:
    assert len(wrong(mails=[STARTED, replace(FAILED, subject='Failed: job 7 "analyse"')])) == 1
    assert len(wrong(mails=[replace(STARTED, subject='Started: job 7 "allocation"'), FAILED])) == 1
    assert len(wrong(mails=[replace(STARTED, html=""), FAILED])) == 1


def test_a_mail_about_another_job_is_a_fault() -> None:
    assert len(wrong(mails=[*MAILS, replace(FAILED, job=8)])) == 1


def test_an_event_that_is_missing_or_tells_another_end_is_a_fault() -> None:
    assert wrong(events=EVENTS[1:]) == ["job 7 (analyse): 0 events job.submitted in place of 1"]
    ended: Event = {"kind": "job.ended", "subject": "job 7", "data": {"state": "TIMEOUT"}}
    assert wrong(events=[event if event["kind"] != "job.ended" else ended for event in EVENTS]) == [
        "job 7 (analyse): ended as {'TIMEOUT': 1} in place of {'FAILED': 1}"
    ]


def test_a_delivery_in_another_state_or_to_another_recipient_is_a_fault() -> None:
    assert len(wrong(deliveries=[*DELIVERIES[:1], DELIVERIES[1] | {"state": "ready"}, DELIVERIES[2]])) == 2
    assert len(wrong(deliveries=[*DELIVERIES, DELIVERIES[0] | {"target": "ben@example.org"}])) == 1
    assert len(wrong(deliveries=DELIVERIES[:2])) == 1


def test_mails_that_are_owed_are_counted_by_job() -> None:
    assert missing({7: JOB, 8: JOB}, MAILS) == {8: 2}
    assert missing({7: JOB}, [*MAILS, FAILED]) == {}
