"""Events: facts, written once in the journal."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from headgate.model import trace

TRACE: Final = "trace"
"""Where an event's data have the trace it brought with it."""
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
    NOTICE_REQUESTED = "notice.requested"
    """An action asked for people to be told something; the data say whom, and what."""
    NODE_DOWN = "node.down"
    """A node went DOWN: it takes no jobs, and what ran on it was ended."""
    NODE_UP = "node.up"
    """A node is not DOWN any more; it may still be drained."""
    NODE_DRAINING = "node.draining"
    """A node takes no new jobs, and still has some."""
    NODE_DRAINED = "node.drained"
    """A node takes no new jobs, and has none (any more)."""
    NODE_RESUMED = "node.resumed"
    """A node that was draining, drained or failing takes jobs again, unless it is DOWN."""
    NODE_FAIL = "node.fail"
    """A node was set to FAIL: it is about to fail, and takes no new jobs."""
    NODE_NOT_RESPONDING = "node.not_responding"
    """A node's slurmd does not answer; DOWN comes next."""
    NODE_RESPONDING = "node.responding"
    """A node's slurmd answers again."""
    NODE_REBOOTED = "node.rebooted"
    """A node booted; the data say whether Slurm had been asked for it."""
    NODE_RESERVED = "node.reserved"
    """A reservation of a node began, or became another one."""
    NODE_UNRESERVED = "node.unreserved"
    """A node is in no active reservation any more."""
    NODE_POWER = "node.power"
    """A node is to be, or is being, rebooted or switched on or off, or that is over."""
    NODE_REASON_CHANGED = "node.reason_changed"
    """Somebody gave another reason for a node's state, which stayed as it was."""
    CONTROLLER_DOWN = "controller.down"
    """A slurmctld does not answer."""
    CONTROLLER_UP = "controller.up"
    """A slurmctld answers again."""
    SLURMDBD_DOWN = "slurmdbd.down"
    """slurmdbd does not answer."""
    SLURMDBD_UP = "slurmdbd.up"
    """slurmdbd answers again."""
    PARTITION_CHANGED = "partition.changed"
    """A partition was made, removed, or set up differently."""
    RESERVATION_UPCOMING = "reservation.upcoming"
    """A reservation begins soon: within the notice that the settings of rules give."""
    SENSOR_UP = "sensor.up"
    """The address for triggers that were made for StackStorm's sensor is open; rules know it as the pack's
    ``slurm.sensor.trigger.up``."""
    SENSOR_DOWN = "sensor.down"
    """That address closes: ``slurm.sensor.trigger.down``."""
    SENSOR_TRIGGERED = "sensor.triggered"
    """Slurm ran such a trigger, as somebody who knew its address says: ``slurm.sensor.trigger.triggered``."""
    PULL_REQUEST_OPENED = "pull_request.opened"
    """A pull request was opened, or opened again; the data say which."""
    PULL_REQUEST_UPDATED = "pull_request.updated"
    """A pull request has a new head."""
    PULL_REQUEST_CLOSED = "pull_request.closed"
    """A pull request was closed; the data say whether it was merged."""
    PULL_REQUEST_LABELED = "pull_request.labeled"
    """A pull request got a label."""
    PULL_REQUEST_COMMENT = "pull_request.comment"
    """A person wrote a comment in a pull request, with at least one line for the bot."""


class Source(enum.StrEnum):
    """Who observed an event."""

    MAIL = "mail"
    """Slurm's mail hand-off."""
    WATCHER = "watcher"
    """A watcher, from what slurmctld shows: the queue, the nodes."""
    ACCOUNTING = "accounting"
    """A watcher, from Slurm's accounting, for what slurmctld did not show it."""
    ACTION = "action"
    """An action."""
    SENSOR = "sensor"
    """The address for triggers that were made for StackStorm's sensor."""
    WEBHOOK = "webhook"
    """A forge's webhook, straight or through a relay."""
    FORGE = "forge"
    """A forge's API, asked for what webhooks did not tell."""


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

    @property
    def trace(self) -> str:
        """The id under which the logs tell of it and of what follows from it."""
        return trace_of(self.key, self.data)

    def traced(self, given: str | None) -> Event:
        """Return it with the trace that whatever brought it about has; None leaves it the one of its key."""
        return self if given is None else replace(self, data={**self.data, TRACE: given})

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


def trace_of(key: str, data: Mapping[str, JSON]) -> str:
    """Return the trace of an event, given its key and its data."""
    given = data.get(TRACE)
    return (trace.read(given) if isinstance(given, str) else None) or trace.of_key(key)
