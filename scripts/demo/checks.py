"""Whether what happened is what should have: each fault is one sentence. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scripts.demo.mails import Mail, about
from scripts.demo.play import Job
from scripts.demo.timeline import Event, of_job

Delivery = Mapping[str, Any]
Submitted = Mapping[int, Job]
"""Job id -> the job."""


def missing(submitted: Submitted, mails: Sequence[Mail]) -> dict[int, int]:
    """Return for each job that still owes its owner mails how many."""
    owed = {number: len(job.outcomes) - len(about(mails, number)) for number, job in submitted.items()}
    return {number: count for number, count in owed.items() if count > 0}


def faults(
    submitted: Submitted, mails: Sequence[Mail], events: Sequence[Event], deliveries: Sequence[Delivery]
) -> list[str]:
    """Return everything that is not as it should be, nothing if all is well."""
    found = [f"a mail about no job of ours: {mail.subject}" for mail in mails if mail.job not in submitted]
    for number, job in submitted.items():
        whose = [item for item in deliveries if item["job_id"] == number]
        of_it = (
            *_mail_faults(job, about(mails, number)),
            *_event_faults(job, of_job(events, number)),
            *_delivery_faults(job, whose),
        )
        found += [f"job {number} ({job.name}): {fault}" for fault in of_it]
    return found


def _mail_faults(job: Job, mails: Sequence[Mail]) -> Iterable[str]:
    outcomes = tuple(mail.outcome for mail in mails)
    if outcomes != job.outcomes:
        yield f"mails should say {_listed(job.outcomes)}, but say {_listed(outcomes)}"
    for mail in mails:
        if mail.to != job.address:
            yield f"a mail went to {mail.to} and not to {job.address}"
        if f'"{job.name}"' not in mail.subject:
            yield f"the subject of a mail does not name the job: {mail.subject}"
        if not (mail.text and mail.html):
            yield f"the mail {mail.subject} has no text for people or none for browsers"
    for words in job.says:
        if mails and words not in mails[-1].subject + mails[-1].text:
            yield f"the last mail does not say {words!r}"


def _event_faults(job: Job, events: Sequence[Event]) -> Iterable[str]:
    kinds = Counter(event["kind"] for event in events)
    ends = Counter(event["data"].get("state") for event in events if event["kind"] == "job.ended")
    wanted = {
        "job.submitted": 1,
        "job.started": job.starts,
        "job.ended": sum(job.ends.values()),
        "mail.requested": len(job.outcomes),
    }
    for kind, count in wanted.items():
        if kinds[kind] != count:
            yield f"{kinds[kind]} events {kind} in place of {count}"
    if ends != Counter(job.ends):
        yield f"ended as {dict(ends)} in place of {dict(job.ends)}"


def _delivery_faults(job: Job, deliveries: Sequence[Delivery]) -> Iterable[str]:
    states = Counter((f"{item['connector']}:{item['target']}", item["state"]) for item in deliveries)
    wanted = Counter({(f"mailto:{job.address}", "delivered"): len(job.outcomes)})
    wanted.update((recipient, "dead") for recipient in job.dead)
    for (recipient, state), count in (wanted - states).items():
        yield f"{count} deliveries to {recipient} should be {state}, and are not"
    for (recipient, state), count in (states - wanted).items():
        yield f"{count} deliveries to {recipient} are {state}, and should not be"


def _listed(outcomes: Sequence[str]) -> str:
    return ", ".join(outcomes) or "nothing"
