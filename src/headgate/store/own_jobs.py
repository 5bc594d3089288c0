"""The jobs of one user, among all that the watcher keeps, and what the journal has of them."""

from __future__ import annotations

import json

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, select

from headgate.model.event import EventKind
from headgate.model.job import Attempt
from headgate.store import journal
from headgate.store.jobs import StoredJob
from headgate.store.journal import EventFilter, Recorded
from headgate.store.tables import jobs

_OPEN: ColumnElement[bool] = literal_column("jobs.open")


def open_of(connection: Connection, user: str, limit: int) -> list[StoredJob]:
    """Return attempts of a user that are not over, newest first, at most ``limit``."""
    return _owned(connection, user, _OPEN, limit)


def numbered(connection: Connection, user: str, number: int, limit: int) -> list[StoredJob]:
    """Return a user's attempts of a job id, or of the tasks of an array, newest first, at most ``limit``."""
    found: list[StoredJob] = []
    for cluster in clusters_of_jobs(connection):
        for column in (jobs.c.job_id, jobs.c.array_id):
            found += _owned(connection, user, and_(jobs.c.cluster == cluster, column == number), limit)
    unique = {one.attempt: one for one in found}
    return sorted(unique.values(), key=lambda one: (one.attempt.submitted, one.attempt.job_id), reverse=True)[:limit]


def last_ended(connection: Connection, user: str, since: float, limit: int) -> list[Recorded]:
    """Return the newest ends of a user's jobs after a time, oldest first."""
    wanted = EventFilter(kind=EventKind.JOB_ENDED, user=user, since=since)
    return journal.find(connection, wanted, limit=limit)


def last_mail(connection: Connection, user: str, number: int) -> list[Recorded]:
    """Return the newest mails Slurm asked for about a user's job, or tasks of an array, oldest first."""
    wanted = EventFilter(kind=EventKind.MAIL_REQUESTED, user=user, job_id=number)
    return journal.find(connection, wanted, limit=50)


def clusters_of_jobs(connection: Connection) -> list[str]:
    """Return the clusters there are jobs of; each is one step in the index, however many jobs there are."""
    found: list[str] = []
    query = select(func.min(jobs.c.cluster))
    name = connection.execute(query).scalar()
    while name is not None:
        found.append(name)
        name = connection.execute(query.where(jobs.c.cluster > name)).scalar()
    return found


def _owned(connection: Connection, user: str, chosen: ColumnElement[bool], limit: int) -> list[StoredJob]:
    query = (
        select(jobs.c.cluster, jobs.c.job_id, jobs.c.submitted, jobs.c.open, jobs.c.array_id, jobs.c.data)
        .where(jobs.c.user == user, chosen)
        .order_by(jobs.c.submitted.desc(), jobs.c.job_id.desc())
        .limit(limit)
    )
    return [
        StoredJob(Attempt(row.cluster, row.job_id, row.submitted), bool(row.open), json.loads(row.data), row.array_id)
        for row in connection.execute(query)
    ]
