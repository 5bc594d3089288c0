"""Mail requests as events, and the job events they witness."""

from __future__ import annotations

import re
from typing import cast

from pydantic import TypeAdapter

from headgate.model.event import JSON, Event, EventKind, Source
from headgate.model.job import ArrayPlace, Attempt, HetPlace
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.states import JobState, read_state

_requests = TypeAdapter(MailRequest)
_PLACE = re.compile(r"(?P<id>[0-9]{1,18})(_(?P<task>[0-9]{1,18})|\+(?P<offset>[0-9]{1,9}))?")

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


def request_about(event: Event) -> MailRequest:
    """Return the mail request of a ``mail.requested`` event, or the one that would ask to tell of a job's event.

    The latter is for people who subscribed; ``event`` is then a ``job.started`` or ``job.ended``.
    """
    if event.kind is EventKind.MAIL_REQUESTED:
        return mail_request(event)
    known = event.data
    reading = read_state(str(known.get("state", "")))
    state = reading.state if reading is not None else None
    ended = MailKind.FAILED if state is not None and state.failed else MailKind.ENDED
    place = _PLACE.fullmatch(str(known.get("label", "")))
    array = None
    if event.array_id is not None:
        array = ArrayPlace(event.array_id, int(place["task"]) if place and place["task"] else None)
    return MailRequest(
        record_id=event.key,
        received=event.time,
        kind=MailKind.BEGAN if event.kind is EventKind.JOB_STARTED else ended,
        scope=MailScope.JOB if array is None else MailScope.ARRAY_TASK,
        job_id=event.job_id or 0,
        receivers="",
        cluster=event.cluster,
        array=array,
        het=HetPlace(int(place["id"]), int(place["offset"])) if place and place["offset"] else None,
        name=str(known.get("name", "")),
        user=event.user,
        account=str(known.get("account", "")),
        partition=str(known.get("partition", "")),
        state=state if event.kind is EventKind.JOB_ENDED else JobState.RUNNING,
        exit_code=_number(known.get("exit_code")),
        signal=_number(known.get("signal")),
    )


def _number(value: JSON) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


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
