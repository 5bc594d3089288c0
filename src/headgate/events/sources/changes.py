"""What changed between two looks at the queue. Decided without I/O.

Events carry Slurm's own times. Their keys are made from the attempt (cluster, job id, submit time), so that finding
the same change again, after a restart or by another witness, finds the same key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import cast

from headgate.events.mail_events import attempt_key
from headgate.model.event import JSON, Event, EventKind, Source
from headgate.model.job import Attempt, Figures, QueuedJob
from headgate.model.states import JobState


@dataclass(frozen=True, slots=True)
class KnownJob:
    """What the watcher remembers of one attempt."""

    attempt: Attempt
    label: str
    name: str = ""
    user: str = ""
    account: str = ""
    partition: str = ""
    array_id: int | None = None
    state: str = JobState.PENDING.text
    begun: bool = False
    """Whether it had an allocation."""
    open: bool = True
    reason: str = ""
    """Why it waits, in Slurm's word; empty for a job that does not."""

    def data(self) -> dict[str, JSON]:
        """Return what is kept in the store beside the attempt."""
        kept = asdict(self)
        for name in ("attempt", "open", "array_id"):
            del kept[name]
        return cast("dict[str, JSON]", kept)


@dataclass(slots=True)
class Changes:
    """What one look found."""

    events: dict[str, Event] = field(default_factory=dict)
    """By key."""
    jobs: dict[Attempt, KnownJob] = field(default_factory=dict)
    """What to remember from now on, of attempts that changed."""
    new: list[Attempt] = field(default_factory=list)
    """Attempts seen for the first time."""
    left: list[Attempt] = field(default_factory=list)
    """Attempts that are not over, as far as we know, but are not in the queue any more."""

    def add(self, event: Event) -> None:
        """Keep an event, once."""
        self.events.setdefault(event.key, event)


def compare(known: Mapping[Attempt, KnownJob], queue: Iterable[QueuedJob], now: float) -> Changes:
    """Compare what is known with what the queue shows now."""
    changes = Changes()
    older = _open_attempts(known)
    present: set[Attempt] = set()
    for job in queue:
        present.add(job.attempt)
        before = known.get(job.attempt)
        if before is None:
            before = _first_sight(job, older, known, changes)
        elif not before.open:
            continue
        after = _follow(before, job, now, changes)
        if after != known.get(job.attempt):
            changes.jobs[job.attempt] = after
    changes.left = [
        attempt
        for attempt, job in known.items()
        if job.open and attempt not in present and changes.jobs.get(attempt, job).open
    ]
    return changes


def _open_attempts(known: Mapping[Attempt, KnownJob]) -> dict[int, list[Attempt]]:
    attempts: dict[int, list[Attempt]] = {}
    for attempt, job in known.items():
        if job.open:
            attempts.setdefault(attempt.job_id, []).append(attempt)
    return attempts


def _first_sight(
    job: QueuedJob, older: Mapping[int, list[Attempt]], known: Mapping[Attempt, KnownJob], changes: Changes
) -> KnownJob:
    new = KnownJob(
        attempt=job.attempt,
        label=job.label,
        name=job.name,
        user=job.user,
        account=job.account,
        partition=job.partition,
        array_id=job.array.array_id if job.array else None,
    )
    changes.new.append(job.attempt)
    before = [
        attempt
        for attempt in older.get(job.attempt.job_id, ())
        if attempt.submitted < job.attempt.submitted and _may_be_again(known[attempt], job)
    ]
    if before or job.restarts:
        data: dict[str, JSON] = {"restarts": job.restarts, "previous": max(before).submitted if before else None}
        changes.add(_event(EventKind.JOB_REQUEUED, new, job.attempt.submitted, Source.WATCHER, data))
        for attempt in before:
            changes.jobs[attempt] = replace(known[attempt], open=False)
    else:
        changes.add(_submitted(new, Source.WATCHER))
    return new


def _may_be_again(before: KnownJob, job: QueuedJob) -> bool:
    """Whether a job may be one that was known by this number, put back into the queue.

    It is another one when slurmctld was killed, forgot the first, and gave its number again.
    """
    return before.user == job.user and (before.name == job.name or job.restarts > 0)


def _submitted(job: KnownJob, source: Source) -> Event:
    """Return the event of a submission: one for an array, however many records its tasks have by now."""
    attempt = job.attempt
    if job.array_id is None:
        return _event(EventKind.JOB_SUBMITTED, job, attempt.submitted, source, {})
    whole = replace(attempt, job_id=job.array_id)
    array = replace(job, attempt=whole, label=f"{job.array_id}_*")
    return _event(EventKind.JOB_SUBMITTED, array, attempt.submitted, source, {})


def _follow(before: KnownJob, job: QueuedJob, now: float, changes: Changes) -> KnownJob:
    """Add the events between what was known of an attempt and what the queue shows; return what is known now."""
    state = job.state
    reason = job.reason if state is JobState.PENDING else ""
    after = replace(before, label=job.label, partition=job.partition, reason=reason)
    if state is None:
        return after
    over = state.terminal and not job.completing
    ran = bool(job.nodes) and (state.active or state.terminal)
    if ran and not before.begun:
        started = job.started if job.started is not None and job.started <= now + 1 else now
        changes.add(_event(EventKind.JOB_STARTED, after, started, Source.WATCHER, {"nodes": job.nodes}))
        after = replace(after, begun=True)
    if state is JobState.SUSPENDED and before.state != state.text:
        changes.add(_event(EventKind.JOB_SUSPENDED, after, now, Source.WATCHER, {}, nonce=int(now)))
    if state is JobState.RUNNING and before.state == JobState.SUSPENDED.text:
        changes.add(_event(EventKind.JOB_RESUMED, after, now, Source.WATCHER, {}, nonce=int(now)))
    if over:
        changes.add(_ended_in_queue(after, job, state, now))
    return replace(after, state=state.text, open=not over)


def _ended_in_queue(known: KnownJob, job: QueuedJob, state: JobState, now: float) -> Event:
    data: dict[str, JSON] = {
        "state": state.text,
        "exit_code": job.exit.code if job.exit else None,
        "signal": job.exit.signal if job.exit else None,
        "restarts": job.restarts,
    }
    if job.reason:
        data["reason"] = job.reason
    return _event(EventKind.JOB_ENDED, known, job.ended if job.ended is not None else now, Source.WATCHER, data)


def resolve(known: Mapping[Attempt, KnownJob], left: Sequence[Attempt], figures: Iterable[Figures]) -> Changes:
    """Say what became of attempts that left the queue unseen, by what accounting has of them.

    An attempt that accounting does not call over (yet) is left out, and will be asked for again.
    """
    changes = Changes()
    wanted = set(left)
    for figure in figures:
        before = known.get(figure.attempt)
        if before is None or figure.attempt not in wanted:
            continue
        if figure.state.terminal:
            changes.jobs[figure.attempt] = _tell(before, figure, changes)
        elif figure.requeued:
            # The next attempt tells of the requeue itself, when it is first seen.
            changes.jobs[figure.attempt] = replace(before, open=False)
    return changes


def catch_up(known: Mapping[Attempt, KnownJob], figures: Iterable[Figures]) -> Changes:
    """Tell of attempts that came and went while nobody watched."""
    changes = Changes()
    for figure in figures:
        before = known.get(figure.attempt)
        if not figure.state.terminal or (before is not None and not before.open):
            continue
        if before is None:
            before = KnownJob(
                attempt=figure.attempt,
                label=figure.label,
                name=figure.name,
                user=figure.user,
                account=figure.account,
                partition=figure.partition,
                array_id=figure.array.array_id if figure.array else None,
            )
            changes.add(_submitted(before, Source.ACCOUNTING))
            changes.new.append(figure.attempt)
        changes.jobs[figure.attempt] = _tell(before, figure, changes)
    return changes


def _tell(before: KnownJob, figure: Figures, changes: Changes) -> KnownJob:
    source = Source.ACCOUNTING
    if figure.started is not None and not before.begun:
        changes.add(_event(EventKind.JOB_STARTED, before, figure.started, source, {"nodes": figure.nodes}))
    data: dict[str, JSON] = {
        "state": figure.state.text,
        "exit_code": figure.exit.code if figure.exit.code >= 0 else None,  # slurmdbd's REST API may not know it
        "signal": figure.exit.signal,
        "cancelled_by": figure.cancelled_by,
    }
    ended = figure.ended if figure.ended is not None else (figure.started or figure.attempt.submitted)
    changes.add(_event(EventKind.JOB_ENDED, before, ended, source, data))
    return replace(before, state=figure.state.text, begun=figure.started is not None or before.begun, open=False)


def _event(
    kind: EventKind, job: KnownJob, at: float, source: Source, data: Mapping[str, JSON], *, nonce: int | None = None
) -> Event:
    key = attempt_key(kind, job.attempt)
    return Event(
        key=key if nonce is None else f"{key}/{nonce}",
        kind=kind,
        time=at,
        subject=f"job {job.label}",
        source=source,
        cluster=job.attempt.cluster,
        job_id=job.attempt.job_id,
        array_id=job.array_id,
        user=job.user,
        data={
            "label": job.label,
            "name": job.name,
            "account": job.account,
            "partition": job.partition,
            "submitted": job.attempt.submitted,
            **data,
        },
    )
