"""Following: what the journal says of jobs becomes what submissions say, and what apps are told.

It runs inside the transaction that writes the events, for all new events at once: a submission's state is never behind
the journal, and nobody has to ask Slurm about a single job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from headgate.model.event import JSON, Event, EventKind
from headgate.model.message import Message, Outcome
from headgate.model.recipient import Recipient
from headgate.model.states import JobState
from headgate.model.submission import Hook, Phase, Submission
from headgate.notify.addresses import delivery_key, lane_of
from headgate.store import app_events, clock, deliveries, hooks, journal, submissions
from headgate.store.deliveries import NewDelivery
from headgate.store.journal import EventFilter

HOOKS: Final = "app-webhooks"
"""The connector that tells apps by their webhooks; a configured one cannot be called that."""
SKEW: Final = 300.0
"""Seconds by which Slurm's clock may be behind ours. Job ids are used again, after much longer."""
_CLOCKS: Final = 2.0
"""Seconds by which it usually is, at most, whole seconds included."""
_FOLLOWED: Final = frozenset(kind for kind in EventKind if kind.value.startswith("job."))
_MOST: Final = 2000


@dataclass(frozen=True, slots=True)
class Follower:
    """A follower of the journal: keeps submissions up to date, and owes apps' webhooks what they want to hear.

    ``notice_delay``: seconds a task's notice waits before its message is made, for accounting.
    """

    known_recipients: frozenset[str] = frozenset()
    """Connectors that there are: a task's notices go to these."""
    notice_delay: float = 2.0

    def __call__(self, connection: Connection, new: Sequence[tuple[int, Event]]) -> None:
        """Write what follows from new events."""
        told = [(number, event) for number, event in new if event.kind in _FOLLOWED and event.job_id is not None]
        by_cluster: dict[str, set[int]] = {}
        for _, event in told:
            by_cluster.setdefault(event.cluster, set()).update(_ids(event))
        if by_cluster:
            app_events.take_turn(connection)
        for cluster, ids in by_cluster.items():
            if found := submissions.of_jobs(connection, cluster, ids):
                self._tell(connection, [pair for pair in told if pair[1].cluster == cluster], found)

    def joined(self, connection: Connection, begun: Submission, job_id: int) -> Submission:
        """Keep the job a start led to, and make good what the journal has of it already; return the submission."""
        app_events.take_turn(connection)
        kept = submissions.submitted(connection, begun, job_id)
        if kept is None:
            current = submissions.get(connection, begun.app_id, begun.id)
            return current or begun
        return self.made_good(connection, kept)

    def made_good(self, connection: Connection, own: Submission) -> Submission:
        """Have a submission, and its app, follow what the journal has of its job; return it as it is then."""
        since, job_id = (own.requested_at or 0.0) - SKEW, own.job_id
        if job_id is None or not journal.has_of_job(connection, own.cluster, job_id, since):
            return own
        wanted = EventFilter(kind="job.*", job_id=job_id, cluster=own.cluster, since=since)
        before = [(one.id, one.event) for one in journal.find(connection, wanted, limit=_MOST)]
        found = submissions.of_jobs(connection, own.cluster, [job_id])
        self._tell(connection, [pair for pair in before if _is_about(own, pair[1], found)], [own])
        return submissions.get(connection, own.app_id, own.id) or own

    def _tell(self, connection: Connection, told: Sequence[tuple[int, Event]], found: Sequence[Submission]) -> None:
        """Have submissions, those started last at the end, follow events."""
        current = {own.id: own for own in found}
        by_job: dict[int | None, list[str]] = {}
        for own in found:
            by_job.setdefault(own.job_id, []).append(own.id)
        pairs: list[tuple[int, Event, Submission]] = []
        for number, event in told:
            about = whose(event, [current[one] for job in dict.fromkeys(_ids(event)) for one in by_job.get(job, ())])
            if about is None:
                continue
            if values := changed(about, event):
                submissions.follow(connection, about, values)
                current[about.id] = _after(about, values)
            pairs.append((number, event, about))
        if not pairs:
            return
        app_events.add(connection, [(own.app_id, own.user, own.id, number) for number, _, own in pairs])
        now = clock.now(connection)
        deliveries.owe(connection, [*self._hooked(connection, pairs), *self._noticed(pairs, now)], now)

    def _hooked(self, connection: Connection, pairs: Sequence[tuple[int, Event, Submission]]) -> list[NewDelivery]:
        """Return what is owed to webhooks: one delivery for each and each event, ready at once."""
        known = hooks.of_apps(connection, {own.app_id for _, _, own in pairs})
        return [
            NewDelivery(
                event_id=number,
                key=delivery_key(event, f"{HOOKS} {hook.id}"),
                connector=HOOKS,
                target=hook.id,
                lane=f"{HOOKS} {hook.id} {own.id}",
                message=hook_message(event, own),
            )
            for number, event, own in pairs
            for hook in known.get(own.app_id, ())
            if _wants(hook, event, own)
        ]

    def _noticed(self, pairs: Sequence[tuple[int, Event, Submission]], now: float) -> list[NewDelivery]:
        """Return what is owed to those whom a task names: once, when its job is over."""
        return [
            NewDelivery(
                event_id=number,
                key=delivery_key(event, f"task {recipient}"),
                connector=recipient.connector,
                target=recipient.target,
                lane=lane_of(recipient, event.cluster, event.job_id or 0),
                not_before=now + self.notice_delay,
            )
            for number, event, own in pairs
            if event.kind is EventKind.JOB_ENDED and not own.array
            for recipient in recipients_of(own)
            if recipient.connector in self.known_recipients
        ]


def recipients_of(submission: Submission) -> list[Recipient]:
    """Return who is told of the end of a task."""
    named = submission.request.get("notify")
    texts = [one for one in named if isinstance(one, str)] if isinstance(named, list) else []
    return [Recipient(*text.split(":", 1)) for text in texts if ":" in text]


def changed(submission: Submission, event: Event) -> dict[str, object]:
    """Return what an event changes of a submission: columns of the store."""
    whole = not submission.array
    ended = submission.phase is Phase.ENDED
    first_start: dict[str, object] = {} if submission.started_at is not None else {"started_at": event.time}
    match event.kind:
        case EventKind.JOB_STARTED:
            return first_start if ended else {"state": JobState.RUNNING.text, **first_start}
        case EventKind.JOB_SUSPENDED if not ended and whole:
            return {"state": JobState.SUSPENDED.text}
        case EventKind.JOB_RESUMED if not ended and whole:
            return {"state": JobState.RUNNING.text}
        case EventKind.JOB_REQUEUED if whole:
            cleared: dict[str, object] = {"outcome": {}, "ended_at": None, "figures": None, "problem": None}
            return {"phase": Phase.ACTIVE.value, "state": JobState.PENDING.text, **cleared}
        case EventKind.JOB_ENDED if whole and not ended:
            outcome = {
                name: event.data.get(name) for name in ("state", "exit_code", "signal", "reason", "cancelled_by")
            }
            return {
                "phase": Phase.ENDED.value,
                "state": str(event.data.get("state") or ""),
                "outcome": {name: value for name, value in outcome.items() if value is not None},
                "ended_at": event.time,
            }
    return {}


def _after(before: Submission, values: Mapping[str, object]) -> Submission:
    known = {name: value for name, value in values.items() if name != "figures"}
    if "phase" in known:
        known["phase"] = Phase(str(known["phase"]))
    return replace(before, **known)  # type: ignore[arg-type]


def _wants(hook: Hook, event: Event, own: Submission) -> bool:
    return hook.wants(event.kind.value, own.user)


def _ids(event: Event) -> tuple[int, ...]:
    return tuple(one for one in (event.job_id, event.array_id) if one is not None)


def whose(event: Event, found: Sequence[Submission]) -> Submission | None:
    """Return the submission whose job an event is about, and none that had, or has, another one of the same id.

    A slurmctld that was killed gives ids again, to the same user within seconds: of several it is the one started last
    before the job was submitted. ``found``: those that have the event's id, started last at the end.
    """
    submitted = event.data.get("submitted")
    at = submitted if isinstance(submitted, int | float) else event.time
    possible = [one for one in found if event.user in ("", one.user) and at >= (one.requested_at or 0.0) - SKEW]
    before = [one for one in possible if (one.requested_at or 0.0) <= at + _CLOCKS]
    return next(reversed(before or possible), None)


def _is_about(own: Submission, event: Event, found: Sequence[Submission]) -> bool:
    about = whose(event, found)
    return about is not None and about.id == own.id


def app_event(event: Event, submission_id: str) -> dict[str, JSON]:
    """Return an event as apps are told of it: as JSON, with the id of their job."""
    return {"id": event.key, "submission": submission_id, **event.as_json()}


def hook_message(event: Event, own: Submission) -> str:
    """Return the message of a webhook's delivery, which operators see in the queue; the app is sent the event."""
    title = f"{event.kind.value}: {event.subject}"
    fields = {"submission": own.id}
    return Message(title=title, outcome=Outcome.NEUTRAL, time=event.time, fields=fields).model_dump_json()
