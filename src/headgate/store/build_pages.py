"""Builds as people look through them: runs, newest first, with their jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, text

from headgate.model.build import BuildJob, BuildRow, BuildRun
from headgate.store import build_rows, builds
from headgate.store.builds import JobFilter
from headgate.store.tables import build_jobs, build_runs

_OPEN = text("phase NOT IN ('done', 'refused')")
_MOST_JOBS = 2000


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs to read. ``path``: ``OWNER/NAME``; ``open``: only with a job that is not over."""

    path: str = ""
    number: int | None = None
    open: bool = False
    before: int | None = None


def runs(connection: Connection, wanted: RunFilter, limit: int) -> list[BuildRun]:
    """Read runs, newest first, at most ``limit``."""
    query = select(build_runs.c.id)
    if wanted.path:
        chosen = select(build_jobs.c.run_id).where(build_jobs.c.repository == wanted.path)
        if wanted.number is not None:
            chosen = chosen.where(build_jobs.c.number == wanted.number)
        query = query.where(build_runs.c.id.in_(chosen))
    elif wanted.number is not None:
        query = query.where(build_runs.c.number == wanted.number)
    if wanted.open:
        query = query.where(build_runs.c.id.in_(select(build_jobs.c.run_id).where(_OPEN)))
    if wanted.before is not None:
        query = query.where(build_runs.c.id < wanted.before)
    numbers = [row.id for row in connection.execute(query.order_by(build_runs.c.id.desc()).limit(limit))]
    found = (builds.get_run(connection, number) for number in numbers)
    return [run for run in found if run is not None]


def jobs_of(connection: Connection, found: Sequence[BuildRun]) -> dict[int, list[BuildJob]]:
    """Return run's number -> its jobs, in order."""
    return {run.id: builds.find_jobs(connection, JobFilter(run_id=run.id), limit=_MOST_JOBS) for run in found}


def rows_of(connection: Connection, jobs: Sequence[BuildJob]) -> dict[int, list[BuildRow]]:
    """Return our job's number -> the rows that tell of it, in order."""
    return {job.id: build_rows.of_job(connection, job.id) for job in jobs}
