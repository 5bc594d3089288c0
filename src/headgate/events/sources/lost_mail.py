"""Which mails Slurm should have asked for. Decided without I/O.

Slurm keeps pending mails in memory only and drops them when slurmctld restarts or a MailProg takes too long. What a
job's owner asked for is in ``scontrol show job``; when Slurm mails follows ``job_completion_logger`` in its
``src/slurmctld/job_mgr.c``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from headgate.events.mail_events import lost_mail_key, mail_event, mail_request
from headgate.events.sources.changes import KnownJob
from headgate.model.event import Event, EventKind, Source
from headgate.model.job import ArrayPlace, Attempt
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.states import JobState, read_state


@dataclass(frozen=True, slots=True)
class Wish:
    """Which mails a job's owner asked for: Slurm's words (``BEGIN``, ``END``, ``FAIL``, ``ARRAY_TASKS`` …)."""

    types: frozenset[str]
    receivers: str


@dataclass(frozen=True, slots=True)
class ArrayStatus:
    """An array as a whole: whether a task of it is not over, and when it was submitted."""

    open: bool
    submitted: int


@dataclass(frozen=True, slots=True)
class Expected:
    """A mail that belongs to an event."""

    attempt: Attempt
    kind: MailKind
    scope: MailScope


def expected(event: Event, job: KnownJob, wish: Wish, array: ArrayStatus | None) -> Expected | None:
    """Return the mail Slurm sends for an event, if any. ``array``: that of the job, if it is a task."""
    kind = _kind(event, wish)
    if kind is None:
        return None
    if job.array_id is None or array is None:
        return Expected(job.attempt, kind, MailScope.JOB)
    if "ARRAY_TASKS" in wish.types:
        return Expected(job.attempt, kind, MailScope.ARRAY_TASK)
    if kind.final and array.open:
        return None
    whole = Attempt(job.attempt.cluster, job.array_id, array.submitted)
    return Expected(whole, kind, MailScope.ARRAY_SUMMARY)


def _kind(event: Event, wish: Wish) -> MailKind | None:
    if event.kind is EventKind.JOB_STARTED:
        return MailKind.BEGAN if "BEGIN" in wish.types else None
    if event.kind is EventKind.JOB_REQUEUED:
        return MailKind.REQUEUED if "REQUEUE" in wish.types else None
    if event.kind is not EventKind.JOB_ENDED:
        return None
    reading = read_state(str(event.data.get("state") or ""))
    if reading is None or reading.state in (None, JobState.COMPLETED, JobState.CANCELLED):
        return MailKind.ENDED if "END" in wish.types else None
    if "FAIL" in wish.types:
        return MailKind.FAILED
    return MailKind.ENDED if "END" in wish.types else None


def was_asked(wanted: Expected, mails: Sequence[Event]) -> bool:
    """Say whether Slurm did ask for a mail. ``mails``: mail requests about the job's or its array's ids."""
    return any(_matches(wanted, mail) for mail in mails)


def _matches(wanted: Expected, mail: Event) -> bool:
    request = mail_request(mail)
    if mail.key == lost_mail_key(wanted.attempt, wanted.kind, wanted.scope):
        return True
    same_kind = request.kind is wanted.kind or (request.kind.final and wanted.kind.final)
    if not same_kind or request.received < wanted.attempt.submitted - 1:
        return False
    if wanted.scope is MailScope.ARRAY_SUMMARY:
        return request.array is not None and request.array.array_id == wanted.attempt.job_id
    return request.job_id == wanted.attempt.job_id


def lost_mail(wanted: Expected, event: Event, job: KnownJob, wish: Wish, now: float) -> Event:
    """Return the mail request that Slurm should have made."""
    reading = read_state(str(event.data.get("state") or ""))
    code, signal = event.data.get("exit_code"), event.data.get("signal")
    summary = wanted.scope is MailScope.ARRAY_SUMMARY
    array = None
    if job.array_id is not None:
        task = None if summary else int(job.label.rpartition("_")[2]) if job.label[-1].isdigit() else None
        array = ArrayPlace(job.array_id, task)
    key = lost_mail_key(wanted.attempt, wanted.kind, wanted.scope)
    request = MailRequest(
        record_id="",
        received=now,
        kind=wanted.kind,
        scope=wanted.scope,
        job_id=wanted.attempt.job_id,
        receivers=wish.receivers,
        cluster=wanted.attempt.cluster,
        array=array,
        name=job.name,
        user=job.user,
        account=job.account,
        partition=job.partition,
        state=reading.state if reading and not summary else None,
        exit_code=code if isinstance(code, int) and not summary else None,
        signal=signal if isinstance(signal, int) and not summary else None,
    )
    made = mail_event(request, cluster=wanted.attempt.cluster, source=Source.WATCHER, key=key)
    return replace(made, time=event.time)
