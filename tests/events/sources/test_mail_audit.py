"""Mails that Slurm should have asked for are found in the journal, once, and only when they are really missing."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from headgate.events.journal import Journal
from headgate.events.mail_events import mail_event, mail_request
from headgate.events.sources.changes import KnownJob
from headgate.events.sources.mail_audit import MailAudit
from headgate.events.sources.stored_jobs import stored_job
from headgate.model.event import Event, EventKind, Source
from headgate.model.job import ArrayPlace, Attempt
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.store import cursors, jobs, journal
from headgate.store.journal import EventFilter, Recorded
from headgate.store.store import Store
from tests.events.sources.seen import CLUSTER

GRACE = 60.0
LONG_AFTER = 10_000_000_000.0
"""A moment at which every event written by a test is older than the grace."""
JOB = KnownJob(
    Attempt(CLUSTER, 7, 1000), "7", "align", "ada", "bio", "batch", state="COMPLETED", begun=True, open=False
)
ALL = frozenset({"BEGIN", "END", "FAIL", "REQUEUE"})


def fact(kind: EventKind, job: KnownJob = JOB, **data: Any) -> Event:
    return Event(
        key=f"{kind.value}/{job.attempt.key}",
        kind=kind,
        time=1200.0,
        subject=f"job {job.label}",
        source=Source.WATCHER,
        cluster=CLUSTER,
        job_id=job.attempt.job_id,
        array_id=job.array_id,
        user="ada",
        data={"submitted": job.attempt.submitted, **data},
    )


def mail(kind: MailKind, job_id: int = 7, record: str = "r", **more: Any) -> Event:
    request = MailRequest(record, 1201.0, kind, more.pop("scope", MailScope.JOB), job_id, "ada", **more)
    return mail_event(request, cluster=CLUSTER)


ENDED = fact(EventKind.JOB_ENDED, state="COMPLETED", exit_code=0, signal=0)
STARTED = fact(EventKind.JOB_STARTED)
ANOTHER_MAIL = mail(MailKind.BEGAN, 99, "another")
"""Shows that Slurm hands its mails over to us."""


async def knows(
    store: Store, *known: KnownJob, wishes: frozenset[str] | None = ALL, facts: Sequence[Event] = (), since: float = 1.0
) -> None:
    """Have the store know these jobs with their owners' wishes, and these facts."""
    await store.write(lambda c: jobs.keep(c, [replace(stored_job(job), mail_types=wishes) for job in known], 1.0))
    for job in known:
        if wishes is not None:
            await store.write(functools.partial(jobs.keep_mail, wishes={job.attempt: (wishes, "ada@x")}))
    await store.write(lambda c: MailAudit(Journal(), GRACE).begin(c, since))
    await store.write(lambda c: journal.append(c, facts))


async def look(store: Store, audit: MailAudit | None = None, now: float = LONG_AFTER) -> int:
    looking = audit or MailAudit(Journal(), GRACE)
    return await store.write(lambda c: looking.look(c, now))


async def made(store: Store) -> list[Recorded]:
    found = await store.read(lambda c: journal.find(c, EventFilter(kind="mail.requested"), limit=100))
    return [item for item in found if item.event.key.startswith("mail.lost/")]


async def test_a_mail_that_did_not_come_is_made_once(store: Store) -> None:
    await knows(store, JOB, facts=[ANOTHER_MAIL, ENDED])
    assert [await look(store), await look(store)] == [1, 0]
    [found] = await made(store)
    request = mail_request(found.event)
    assert (request.kind, request.receivers, request.job_id) == (MailKind.ENDED, "ada@x", 7)
    assert list(found.witnesses) == [Source.WATCHER]


async def test_it_is_followed_like_any_other_mail(store: Store) -> None:
    followed: list[Event] = []
    events = Journal([lambda _, new: followed.extend(event for _, event in new)])
    await knows(store, JOB, facts=[ANOTHER_MAIL, ENDED])
    await look(store, MailAudit(events, GRACE))
    assert [event.kind for event in followed] == [EventKind.MAIL_REQUESTED]


async def test_a_mail_that_came_is_not_missed(store: Store) -> None:
    await knows(store, JOB, facts=[mail(MailKind.ENDED), mail(MailKind.BEGAN, record="r2"), STARTED, ENDED])
    assert await look(store) == 0


async def test_an_event_that_a_mail_witnessed_is_not_looked_into(store: Store) -> None:
    await knows(store, JOB, facts=[ANOTHER_MAIL, ENDED, replace(ENDED, source=Source.MAIL)])
    assert await look(store) == 0


async def test_slurms_own_mail_is_waited_for(store: Store) -> None:
    await knows(store, JOB, facts=[ANOTHER_MAIL, ENDED])
    [recorded] = await store.read(lambda c: journal.find(c, EventFilter(kind="job.ended"), limit=1))
    assert await look(store, now=recorded.recorded_at + GRACE - 1) == 0
    assert await look(store, now=recorded.recorded_at + GRACE + 1) == 1


async def test_where_slurm_never_handed_a_mail_over_nothing_counts_as_lost(store: Store) -> None:
    await knows(store, JOB, facts=[ENDED])
    assert await look(store) == 0
    await store.write(lambda c: journal.append(c, [ANOTHER_MAIL]))
    assert await look(store) == 1


async def test_what_happened_before_the_first_start_is_none_of_our_business(store: Store) -> None:
    await knows(store, JOB, facts=[ANOTHER_MAIL, ENDED], since=ENDED.time + 1)
    assert await look(store) == 0


async def test_the_first_start_stays_the_first(store: Store) -> None:
    audit = MailAudit(Journal(), GRACE)
    await store.write(lambda c: audit.begin(c, 5.0))
    await store.write(lambda c: audit.begin(c, 50.0))
    assert await store.read(lambda c: cursors.read(c, "mail.audit.since")) == 5.0


async def test_who_asked_for_nothing_or_is_not_known_gets_nothing(store: Store) -> None:
    await knows(store, JOB, wishes=frozenset(), facts=[ANOTHER_MAIL, ENDED])
    assert await look(store) == 0


async def test_a_job_whose_wishes_are_unknown_gets_nothing(store: Store) -> None:
    await knows(store, JOB, wishes=None, facts=[ANOTHER_MAIL, ENDED])
    assert await look(store) == 0


async def test_an_event_of_a_job_that_is_not_known_is_passed_over(store: Store) -> None:
    await knows(store, facts=[ANOTHER_MAIL, ENDED])
    assert await look(store) == 0


async def test_a_mail_about_an_earlier_use_of_the_job_id_does_not_count(store: Store) -> None:
    later = replace(JOB, attempt=Attempt(CLUSTER, 7, 900_000))
    await knows(store, later, facts=[mail(MailKind.ENDED), fact(EventKind.JOB_ENDED, later, state="COMPLETED")])
    assert await look(store) == 1


TASKS = [replace(JOB, attempt=Attempt(CLUSTER, 101 + i, 1000), label=f"100_{i}", array_id=100) for i in range(3)]
TASKS_ENDED = [fact(EventKind.JOB_ENDED, task, state="COMPLETED", exit_code=0, signal=0) for task in TASKS]


async def test_of_an_array_one_summary_is_made(store: Store) -> None:
    await knows(store, *TASKS, facts=[ANOTHER_MAIL, *TASKS_ENDED])
    assert await look(store) >= 1
    [found] = await made(store)
    request = mail_request(found.event)
    assert (request.scope, request.array) == (MailScope.ARRAY_SUMMARY, ArrayPlace(100, None))


async def test_a_summary_that_came_is_not_missed_whichever_task_it_names(store: Store) -> None:
    summary = mail(MailKind.ENDED, 102, scope=MailScope.ARRAY_SUMMARY, array=ArrayPlace(100, None))
    await knows(store, *TASKS, facts=[summary, *TASKS_ENDED])
    assert await look(store) == 0


async def test_no_summary_is_missed_while_a_task_is_open(store: Store) -> None:
    await knows(store, *TASKS[:2], replace(TASKS[2], open=True), facts=[ANOTHER_MAIL, *TASKS_ENDED[:2]])
    assert await look(store) == 0


async def test_who_asked_for_tasks_is_told_of_each(store: Store) -> None:
    came = mail(MailKind.ENDED, 101, scope=MailScope.ARRAY_TASK, array=ArrayPlace(100, 0))
    await knows(store, *TASKS, wishes=ALL | {"ARRAY_TASKS"}, facts=[came, *TASKS_ENDED])
    assert await look(store) == 2
    assert [item.event.subject for item in await made(store)] == ["job 100_1", "job 100_2"]


async def test_a_thousand_events_are_looked_at_a_batch_at_a_time_and_each_once(store: Store) -> None:
    many = [replace(JOB, attempt=Attempt(CLUSTER, number, 1000), label=str(number)) for number in range(1000, 1700)]
    await store.write(
        lambda c: jobs.keep(c, [replace(stored_job(job), mail_types=ALL, mail_user="ada") for job in many], 1.0)
    )
    await knows(store, facts=[ANOTHER_MAIL, *(fact(EventKind.JOB_ENDED, job, state="COMPLETED") for job in many)])
    found = [await look(store) for _ in range(4)]
    assert sum(found) == 700
    assert found[-1] == 0


async def test_without_a_grace_nothing_is_looked_for(store: Store) -> None:
    await knows(store, JOB, facts=[ANOTHER_MAIL, ENDED])
    audit = MailAudit(Journal(), None)
    assert not audit.due(LONG_AFTER)
    assert await look(store, audit) == 0


async def test_it_is_due_at_first_and_then_not_for_a_while(store: Store) -> None:
    audit = MailAudit(Journal(), GRACE)
    assert audit.due(1000.0)
    await look(store, audit, now=1000.0)
    assert [audit.due(1001.0), audit.due(1006.0)] == [False, True]
