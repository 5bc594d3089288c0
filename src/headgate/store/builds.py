"""Builds: the queries for requests, runs and jobs. A job's change says which phase it follows, so that two never win.

The rows that tell of jobs are in ``build_rows.py``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, text, update

from headgate.model.build import BuildJob, BuildRequest, BuildRun, JobPhase, RequestKind, RequestState
from headgate.model.event import JSON
from headgate.model.pull_request import Repository
from headgate.store import journal
from headgate.store.dialect import insert_new
from headgate.store.signals import Topic
from headgate.store.store import ring
from headgate.store.tables import build_jobs, build_requests, build_runs

_OPEN = text("state = 'open'")
_OPEN_JOB = text("phase NOT IN ('done', 'refused')")
_AT_ONCE = 500
_JSON = frozenset({"data", "progress", "outcome", "result"})


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs to read. ``open``: only those that are not over; ``before``: only those with a lower number."""

    repository: Repository | None = None
    path: str | None = None
    """``OWNER/NAME``, on any forge."""
    number: int | None = None
    phase: JobPhase | None = None
    run_id: int | None = None
    commit: str | None = None
    open: bool = False
    since: float | None = None
    before: int | None = None


# Requests


def add_request(connection: Connection, new: BuildRequest) -> int | None:
    """Write a request; None if there is one with its key already."""
    statement = insert_new(connection, build_requests).values(**_values(new))
    number: int | None = connection.execute(
        statement.on_conflict_do_nothing(index_elements=["key"]).returning(build_requests.c.id)
    ).scalar()
    if number is not None:
        ring(connection, Topic.BUILDS)
    return number


def get_request(connection: Connection, number: int) -> BuildRequest | None:
    """Read a request."""
    row = connection.execute(select(build_requests).where(build_requests.c.id == number)).first()
    return None if row is None else _request(row)


def trace_of(connection: Connection, *, request: int | None = None, run: int | None = None) -> str | None:
    """Return the trace of the event that a request, or a run, is about; None if it is not in the journal any more."""
    query = select(build_requests.c.event_id)
    if run is not None:
        query = query.join(build_runs, build_runs.c.request_id == build_requests.c.id).where(build_runs.c.id == run)
    elif request is not None:
        query = query.where(build_requests.c.id == request)
    else:
        return None
    number = connection.execute(query).scalar()
    return None if number is None else journal.traces(connection, [number]).get(number)


def due_requests(connection: Connection, now: float, limit: int) -> list[BuildRequest]:
    """Read the open requests that are to be worked on, oldest first."""
    query = select(build_requests).where(_OPEN, build_requests.c.not_before <= now)
    return [_request(row) for row in connection.execute(query.order_by(build_requests.c.id).limit(limit))]


def find_requests(connection: Connection, limit: int) -> list[BuildRequest]:
    """Read the newest requests, oldest first."""
    rows = list(connection.execute(select(build_requests).order_by(build_requests.c.id.desc()).limit(limit)))
    return [_request(row) for row in reversed(rows)]


def note_request(connection: Connection, number: int, progress: Mapping[str, JSON]) -> BuildRequest | None:
    """Add to what was done about a request; return it as it is then."""
    current = get_request(connection, number)
    if current is not None:
        change_request(connection, number, {"progress": {**current.progress, **progress}})
    return get_request(connection, number)


def change_request(connection: Connection, number: int, values: Mapping[str, object]) -> None:
    """Change an open request: columns and their values."""
    statement = update(build_requests).where(build_requests.c.id == number, _OPEN)
    connection.execute(statement.values(**_dumped(values)))


def forget(connection: Connection, before: float) -> int:
    """Delete some requests that were over before a time, as their jobs were, with all of it; return how many."""
    open_ = (build_jobs.c.finished_at.is_(None)) | (build_jobs.c.finished_at >= before)
    needed = (
        select(build_jobs.c.id)
        .join(build_runs, build_runs.c.id == build_jobs.c.run_id)
        .where(build_runs.c.request_id == build_requests.c.id, open_)
        .exists()
    )
    chosen = select(build_requests.c.id).where(build_requests.c.finished_at < before, ~needed).limit(_AT_ONCE)
    return connection.execute(delete(build_requests).where(build_requests.c.id.in_(chosen.scalar_subquery()))).rowcount


# Runs


def add_run(connection: Connection, new: BuildRun, jobs: Sequence[BuildJob]) -> BuildRun | None:
    """Write a run and its jobs; None if there is one with its key already."""
    statement = insert_new(connection, build_runs).values(**_values(new))
    statement = statement.on_conflict_do_nothing(index_elements=["key"])
    number: int | None = connection.execute(statement.returning(build_runs.c.id)).scalar()
    if number is None:
        return None
    for job in jobs:
        values = _values(replace(job, run_id=number))
        connection.execute(insert_new(connection, build_jobs).values(**values))
    ring(connection, Topic.BUILDS)
    return replace(new, id=number)


def get_run(connection: Connection, number: int) -> BuildRun | None:
    """Read a run."""
    row = connection.execute(select(build_runs).where(build_runs.c.id == number)).first()
    return None if row is None else _run(row)


def run_of_key(connection: Connection, key: str) -> BuildRun | None:
    """Read the run with this key."""
    row = connection.execute(select(build_runs).where(build_runs.c.key == key)).first()
    return None if row is None else _run(row)


def count_runs(connection: Connection, request_id: int) -> int:
    """Count the runs of a request."""
    query = select(func.count()).select_from(build_runs).where(build_runs.c.request_id == request_id)
    return int(connection.execute(query).scalar() or 0)


def last_run(connection: Connection, repository: Repository, number: int) -> BuildRun | None:
    """Read the newest run of a pull request."""
    query = select(build_runs).where(*_of(build_runs, repository, number)).order_by(build_runs.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _run(row)


def set_built(connection: Connection, number: int, commit: str, base: str) -> None:
    """Write which commit the jobs of a run check out, and on which base."""
    connection.execute(
        update(build_runs).where(build_runs.c.id == number).values(built_commit=commit, base_commit=base)
    )


# Jobs


def get_job(connection: Connection, number: int) -> BuildJob | None:
    """Read a job by our number."""
    row = connection.execute(select(build_jobs).where(build_jobs.c.id == number)).first()
    return None if row is None else _job(row)


def jobs_of_slurm(connection: Connection, job_id: int, cluster: str | None = None) -> list[BuildJob]:
    """Read the jobs with a number of Slurm's, newest first."""
    query = select(build_jobs).where(build_jobs.c.job_id == job_id)
    if cluster is not None:
        query = query.where(build_jobs.c.cluster == cluster)
    return [_job(row) for row in connection.execute(query.order_by(build_jobs.c.id.desc()))]


def open_of_slurm(connection: Connection, cluster: str, job_ids: Collection[int]) -> dict[int, BuildJob]:
    """Return Slurm's number -> our job, of the open ones among these."""
    found: dict[int, BuildJob] = {}
    wanted = sorted(job_ids)
    for start in range(0, len(wanted), 500):
        query = select(build_jobs).where(
            _OPEN_JOB, build_jobs.c.cluster == cluster, build_jobs.c.job_id.in_(wanted[start : start + 500])
        )
        for row in connection.execute(query.order_by(build_jobs.c.id)):
            job = _job(row)
            if job.job_id is not None:
                found[job.job_id] = job
    return found


def find_jobs(connection: Connection, wanted: JobFilter, *, limit: int) -> list[BuildJob]:
    """Read jobs, oldest first; of more than ``limit`` the newest."""
    query = select(build_jobs)
    if wanted.repository is not None:
        query = query.where(
            build_jobs.c.forge == wanted.repository.forge, build_jobs.c.repository == wanted.repository.path
        )
    for column, value in (
        (build_jobs.c.repository, wanted.path),
        (build_jobs.c.number, wanted.number),
        (build_jobs.c.run_id, wanted.run_id),
        (build_jobs.c.commit, wanted.commit),
        (build_jobs.c.phase, None if wanted.phase is None else wanted.phase.value),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.open:
        query = query.where(_OPEN_JOB)
    if wanted.since is not None:
        query = query.where(build_jobs.c.created_at >= wanted.since)
    if wanted.before is not None:
        query = query.where(build_jobs.c.id < wanted.before)
    rows = list(connection.execute(query.order_by(build_jobs.c.id.desc()).limit(limit)))
    return [_job(row) for row in reversed(rows)]


def open_jobs(connection: Connection) -> list[BuildJob]:
    """Read every job that is not over, oldest first."""
    return [_job(row) for row in connection.execute(select(build_jobs).where(_OPEN_JOB).order_by(build_jobs.c.id))]


def unshown(connection: Connection, since: float) -> list[BuildJob]:
    """Read the jobs that were over since a time, and of which that is not shown beside their commit."""
    query = select(build_jobs).where(
        build_jobs.c.finished_at >= since,
        build_jobs.c.phase == JobPhase.DONE.value,
        build_jobs.c.shown_state.in_(["", "pending"]),
    )
    return [_job(row) for row in connection.execute(query.order_by(build_jobs.c.id.desc()).limit(200))]


def change_job(connection: Connection, job: BuildJob, values: Mapping[str, object]) -> bool:
    """Change a job, if it still is in the phase it was seen in; say whether it was."""
    statement = update(build_jobs).where(build_jobs.c.id == job.id, build_jobs.c.phase == job.phase.value)
    changed = connection.execute(statement.values(**_dumped(values))).rowcount == 1
    if changed:
        ring(connection, Topic.BUILDS)
    return changed


def search_at_once(connection: Connection) -> None:
    """Have the jobs whose number was lost searched for now: nobody waits for the answers of another process."""
    asked = build_jobs.c.phase == JobPhase.SUBMITTING.value
    connection.execute(update(build_jobs).where(asked).values(not_before=0.0))


def note_job(connection: Connection, number: int, values: Mapping[str, object]) -> None:
    """Change what is independent of a job's phase: what is known of its comment, who asked for its end."""
    connection.execute(update(build_jobs).where(build_jobs.c.id == number).values(**_dumped(values)))


def _of(table: Any, repository: Repository, number: int) -> tuple[Any, ...]:
    return (table.c.forge == repository.forge, table.c.repository == repository.path, table.c.number == number)


def _values(new: BuildRequest | BuildRun | BuildJob) -> dict[str, object]:
    values = {one.name: getattr(new, one.name) for one in fields(new) if one.name != "id"}
    repository: Repository = values["repository"]
    return _dumped({**values, "forge": repository.forge, "repository": repository.path})


def _dumped(values: Mapping[str, object]) -> dict[str, object]:
    return {
        name: json.dumps(value, separators=(",", ":"))
        if name in _JSON
        else value.value
        if isinstance(value, JobPhase | RequestKind | RequestState)
        else value
        for name, value in values.items()
    }


def _read(row: Row[Any]) -> dict[str, Any]:
    value = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
    value["repository"] = Repository(value.pop("forge"), value["repository"])
    for name in _JSON & value.keys():
        loaded: JSON = json.loads(value[name])
        value[name] = loaded
    return value


def _request(row: Row[Any]) -> BuildRequest:
    value = _read(row)
    value["kind"], value["state"] = RequestKind(value["kind"]), RequestState(value["state"])
    return BuildRequest(**value)


def _run(row: Row[Any]) -> BuildRun:
    return BuildRun(**_read(row))


def _job(row: Row[Any]) -> BuildJob:
    value = _read(row)
    value["phase"] = JobPhase(value["phase"])
    return BuildJob(**value)
