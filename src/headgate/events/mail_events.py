"""Mail requests as events, and the job events they witness."""

from __future__ import annotations

from typing import cast

from pydantic import TypeAdapter

from headgate.model.event import JSON, Event, EventKind, Source
from headgate.model.job import Attempt
from headgate.model.mail import MailKind, MailRequest, MailScope

_requests = TypeAdapter(MailRequest)

WITNESSED = {
    MailKind.BEGAN: EventKind.JOB_STARTED,
    MailKind.ENDED: EventKind.JOB_ENDED,
    MailKind.FAILED: EventKind.JOB_ENDED,
}
"""Which event of the job a mail tells of."""


def mail_event(request: MailRequest, *, cluster: str, source: Source = Source.MAIL, key: str = "") -> Event:
    """Return the event that Slurm asked for a mail. Without a ``key``, each spool record is a fact of its own."""
    return Event(
        key=key or f"mail/{request.cluster or cluster}/{request.record_id}",
        kind=EventKind.MAIL_REQUESTED,
        time=request.received,
        subject=f"job {label(request)}",
        source=source,
        cluster=request.cluster or cluster,
        job_id=request.job_id,
        array_id=request.array.array_id if request.array else None,
        user=request.user,
        data=cast("dict[str, JSON]", _requests.dump_python(request, mode="json", exclude_defaults=True)),
    )


def mail_request(event: Event) -> MailRequest:
    """Return the mail request of a ``mail.requested`` event."""
    return _requests.validate_python(dict(event.data))


def label(request: MailRequest) -> str:
    """Return the job's id as users write it."""
    if request.array is not None:
        return f"{request.array.array_id}_{'*' if request.array.task is None else request.array.task}"
    if request.het is not None:
        return f"{request.het.leader_id}+{request.het.offset}"
    return str(request.job_id)


def lost_mail_key(attempt: Attempt, kind: MailKind, scope: MailScope) -> str:
    """Return the key of a mail that Slurm should have asked for: one for each attempt and kind.

    ENDED and FAILED are one: Slurm sends one of them when a job is over. A summary belongs to the array.
    """
    word = "over" if kind.final else kind.value
    return f"mail.lost/{attempt.key}/{word}/{scope.value}"


def attempt_key(kind: EventKind, attempt: Attempt) -> str:
    """Return the key of an event that can happen once to an attempt."""
    return f"{kind.value}/{attempt.key}"
