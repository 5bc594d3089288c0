"""Following the journal: events of pull requests become requests, events of jobs change what is known of build jobs.

It runs in the transaction that moves the cursor, so that each event counts once, wherever the process ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from headgate.builds.texts import rows
from headgate.config.builds import BuildTexts
from headgate.model.build import BuildJob, BuildRequest, JobPhase, RequestKind, RequestState
from headgate.model.event import JSON, Event, EventKind
from headgate.model.pull_request import Repository
from headgate.model.states import JobState
from headgate.store import build_rows, builds, journal
from headgate.store.journal import EventFilter, Recorded
from headgate.store.store import once_kept

_log = structlog.get_logger(__name__)

SKEW: Final = 300.0
"""Seconds by which Slurm's clock may be behind ours. Job ids are used again, after much longer."""
STALE: Final = 7 * 86400.0
"""Seconds after which nobody waits for an answer any more: what is older is not done unasked (``build replay``)."""
_KINDS: Final[Mapping[EventKind, RequestKind]] = {
    EventKind.PULL_REQUEST_COMMENT: RequestKind.COMMENT,
    EventKind.PULL_REQUEST_OPENED: RequestKind.OPENED,
    EventKind.PULL_REQUEST_UPDATED: RequestKind.UPDATED,
    EventKind.PULL_REQUEST_CLOSED: RequestKind.CLOSED,
    EventKind.PULL_REQUEST_LABELED: RequestKind.LABELED,
}
_MOST: Final = 2000


def follow(
    connection: Connection, new: Sequence[Recorded], forges: Mapping[str, object], texts: BuildTexts, now: float
) -> list[int]:
    """Write what follows from events; return the numbers of the new requests. ``forges``: those there are.

    What is older than a week is left alone: builds may have been switched on, or been away, long after it.
    """
    made: list[int] = []
    for recorded in new:
        if now - recorded.event.time > STALE:
            continue
        request = request_of(recorded.event, recorded.id, now)
        if request is not None and request.repository.forge in forges:
            number = builds.add_request(connection, request)
            if number is not None:
                made.append(number)
                told = {"request": number, "event_id": recorded.id, "trace": recorded.event.trace}
                once_kept(connection, partial(_log.info, "build.requested", kind=request.kind.value, **told))
    jobs = [one.event for one in new if one.event.kind.value.startswith("job.") and one.event.job_id is not None]
    by_cluster: dict[str, list[Event]] = {}
    for event in jobs:
        by_cluster.setdefault(event.cluster, []).append(event)
    for cluster, events in by_cluster.items():
        known = builds.open_of_slurm(connection, cluster, {event.job_id for event in events if event.job_id})
        for event in events:
            job = known.get(event.job_id or 0)
            if job is not None:
                known[event.job_id or 0] = tell(connection, job, event, texts)
    return made


def request_of(event: Event, number: int | None, now: float, *, key: str = "") -> BuildRequest | None:
    """Return what has to be done about an event of a pull request; None if it is none, or does not say which one."""
    kind = _KINDS.get(event.kind)
    forge, repository, pull = (event.data.get(name) for name in ("forge", "repository", "number"))
    if kind is None or not isinstance(forge, str) or not isinstance(repository, str) or not isinstance(pull, int):
        return None
    comment = event.data.get("comment_id")
    return BuildRequest(
        id=0,
        key=key or f"event {event.key}",
        event_id=number,
        kind=kind,
        repository=Repository(forge, repository),
        number=pull,
        sender=str(event.data.get("author") or event.data.get("sender") or ""),
        state=RequestState.OPEN,
        not_before=now,
        attempts=0,
        comment_id=comment if isinstance(comment, int) else None,
        answer_id=None,
        data={**event.data, "time": event.time, "subject": event.subject},
        progress={},
        problem="",
        created_at=now,
        finished_at=None,
    )


def joined(connection: Connection, job: BuildJob, job_id: int, texts: BuildTexts, now: float) -> BuildJob | None:
    """Keep the number Slurm gave a job, and make good what the journal has of it already.

    None if the job is in another phase by now.
    """
    values: dict[str, object] = {
        "phase": JobPhase.HELD,
        "job_id": job_id,
        "state": JobState.PENDING.text,
        "not_before": now,
        "attempts": 0,
        "problem": "",
    }
    if not builds.change_job(connection, job, values):
        return None
    kept = replace(job, phase=JobPhase.HELD, job_id=job_id, state=JobState.PENDING.text, attempts=0, problem="")
    since = (job.requested_at or now) - SKEW
    wanted = EventFilter(kind="job.*", job_id=job_id, cluster=job.cluster, since=since)
    for one in journal.find(connection, wanted, limit=_MOST):
        kept = tell(connection, kept, one.event, texts)
    return kept


def tell(connection: Connection, job: BuildJob, event: Event, texts: BuildTexts) -> BuildJob:
    """Change what is known of a job by an event of it; return it as it is then."""
    if not _is_of(event, job):
        return job
    values = _changed(job, event)
    if event.kind is EventKind.JOB_STARTED and job.phase is not JobPhase.HELD:
        build_rows.add(connection, job.id, event.key, rows.running(texts, event.time, job.job_id or 0))
    if not values or not builds.change_job(connection, job, values):
        return job
    return replace(job, **values)  # type: ignore[arg-type]


def _changed(job: BuildJob, event: Event) -> dict[str, object]:
    """Return what an event changes of a job. One that is not released yet stays so: its metadata has to be written."""
    released = job.phase in (JobPhase.QUEUED, JobPhase.RUNNING, JobPhase.ENDED)
    match event.kind:
        case EventKind.JOB_STARTED if not released and job.ended_at is None:
            # Whoever released it, that is told before: the row of its start waits for that of its release.
            started: dict[str, JSON] = {"key": event.key, "at": event.time}
            return {"state": JobState.RUNNING.text, "outcome": {**job.outcome, "started": started}}
        case EventKind.JOB_STARTED | EventKind.JOB_RESUMED if job.ended_at is None:
            return {"state": JobState.RUNNING.text, **({"phase": JobPhase.RUNNING} if released else {})}
        case EventKind.JOB_SUSPENDED if job.ended_at is None:
            return {"state": JobState.SUSPENDED.text}
        case EventKind.JOB_REQUEUED if job.phase is not JobPhase.DONE:
            again: dict[str, object] = {"state": JobState.PENDING.text, "ended_at": None, "outcome": {}}
            return {**again, **({"phase": JobPhase.QUEUED} if released else {})}
        case EventKind.JOB_ENDED if job.ended_at is None:
            names = ("state", "exit_code", "signal", "reason", "cancelled_by")
            how: dict[str, JSON] = {name: event.data.get(name) for name in names}
            ended: dict[str, object] = {
                "state": str(event.data.get("state") or ""),
                "ended_at": event.time,
                "outcome": {**job.outcome, **{name: value for name, value in how.items() if value is not None}},
                "not_before": 0.0,
                "attempts": 0,
            }
            return {**ended, **({"phase": JobPhase.ENDED} if released else {})}
    return {}


def _is_of(event: Event, job: BuildJob) -> bool:
    """Whether an event is about the job of this submission, and not about an older one with the same number."""
    submitted = event.data.get("submitted")
    at = submitted if isinstance(submitted, int | float) else event.time
    return event.user in ("", job.user) and at >= (job.requested_at or 0.0) - SKEW
