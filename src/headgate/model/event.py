"""Events: facts, written once in the journal."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]


class EventKind(enum.StrEnum):
    """The kinds of event Headgate writes."""

    JOB_SUBMITTED = "job.submitted"
    """A job entered the queue."""
    JOB_STARTED = "job.started"
    """A job got its allocation."""
    JOB_SUSPENDED = "job.suspended"
    """A running job was suspended."""
    JOB_RESUMED = "job.resumed"
    """A suspended job runs again."""
    JOB_REQUEUED = "job.requeued"
    """A job was put back into the queue; its next attempt has a submit time of its own."""
    JOB_ENDED = "job.ended"
    """A job is over; the data say with which state, exit code and signal."""
    MAIL_REQUESTED = "mail.requested"
    """Slurm asked for a mail about a job, or would have, had the mail not been lost."""


class Source(enum.StrEnum):
    """Who observed an event."""

    MAIL = "mail"
    """Slurm's mail hand-off."""
    WATCHER = "watcher"
    """The watcher, from the queue."""
    ACCOUNTING = "accounting"
    """The watcher, from Slurm's accounting, for what it did not see in the queue."""


@dataclass(frozen=True, slots=True)
class Event:
    """A fact about one subject.

    ``key`` makes the same fact, seen twice, one event. ``time`` is when it happened, in seconds since the epoch, by
    Slurm's clock where Slurm says it. ``subject`` names the thing (``job 123``). ``data`` is JSON.
    """

    key: str
    kind: EventKind
    time: float
    subject: str
    source: Source
    cluster: str = ""
    job_id: int | None = None
    """The raw id: each task of an array has its own once it runs."""
    array_id: int | None = None
    """The array the job is a task of; the same as ``job_id`` for the array as a whole."""
    user: str = ""
    data: Mapping[str, JSON] = field(default_factory=dict)

    def as_json(self) -> dict[str, JSON]:
        """Return the fact as JSON: what programs are told of it."""
        return {
            "key": self.key,
            "kind": self.kind.value,
            "time": self.time,
            "subject": self.subject,
            "cluster": self.cluster,
            "job_id": self.job_id,
            "array_id": self.array_id,
            "user": self.user,
            "data": dict(self.data),
        }
