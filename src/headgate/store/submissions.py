"""Submissions: the queries. Every change of phase says which phase and run it follows, so that two never both win."""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from headgate.model.event import JSON
from headgate.model.submission import Phase, Submission
from headgate.store.dialect import inserting
from headgate.store.tables import jobs, submissions

_LIVE = submissions.c.deleted_at.is_(None)
_ACTIVE = submissions.c.phase.in_([Phase.SUBMITTING.value, Phase.ACTIVE.value])
_PENDING = "PENDING"
_PLAIN = (
    "number", "id", "app_id", "user", "name", "cluster", "root", "path", "run", "job_id", "state", "problem",
    "task_uuid", "created_at", "requested_at", "started_at", "ended_at",
)  # fmt: skip
_plain = operator.itemgetter(*map(list(submissions.c.keys()).index, _PLAIN))
_REQUEST, _PHASE, _OUTCOME, _FIGURES = map(list(submissions.c.keys()).index, ("request", "phase", "outcome", "figures"))
"""Where they are in a row. By position they are had in a third of the time that their names take."""
_PHASES = {phase.value: phase for phase in Phase}
# Statements that are asked all the time are made once: making one takes longer than it does in the database.
_ONE = select(submissions).where(
    submissions.c.id == bindparam("wanted"), submissions.c.app_id == bindparam("app"), _LIVE
)
_SUBMITTED = (
    update(submissions)
    .where(
        submissions.c.number == bindparam("of"),
        submissions.c.run == bindparam("in_run"),
        submissions.c.phase == Phase.SUBMITTING.value,
    )
    .values(phase=Phase.ACTIVE.value, job_id=bindparam("job"), state=bindparam("now"), problem=None)
)


@dataclass(frozen=True, slots=True)
class Repeat:
    """An ``Idempotency-Key``, and a hash of the request it came with."""

    key: str
    hash: str


@functools.cache
def _adding(insert: Callable[[Table], postgresql.Insert | sqlite.Insert]) -> Executable:
    return insert(submissions).on_conflict_do_nothing().returning(submissions.c.number)


def add(connection: Connection, new: Submission, repeat: Repeat | None) -> Submission | None:
    """Write a submission, started or not, and return it with its number.

    None if its idempotency key or its task is there already.
    """
    values = {
        "id": new.id,
        "app_id": new.app_id,
        "user": new.user,
        "name": new.name,
        "cluster": new.cluster,
        "root": new.root,
        "path": new.path,
        "request": _json(new.request),
        "phase": new.phase.value,
        "run": new.run,
        "repeat_key": repeat.key if repeat else None,
        "repeat_hash": repeat.hash if repeat else None,
        "task_uuid": new.task_uuid,
        "created_at": new.created_at,
        "requested_at": new.requested_at,
    }
    number = connection.execute(_adding(inserting(connection)), values).scalar()
    return None if number is None else replace(new, number=number)


def get(connection: Connection, app_id: str, submission_id: str, user: str | None = None) -> Submission | None:
    """Return a submission of an app, and of a user if one is given."""
    found = connection.execute(_ONE, {"wanted": submission_id, "app": app_id}).first()
    if found is None or (user is not None and found.user != user):
        return None
    return _submission(found)


def repeated(connection: Connection, app_id: str, user: str, key: str) -> tuple[Submission, str] | None:
    """Return the submission that came with this key first, and the hash of its request."""
    query = select(submissions).where(
        submissions.c.app_id == app_id, submissions.c.user == user, submissions.c.repeat_key == key
    )
    row = connection.execute(query).first()
    return None if row is None else (_submission(row), str(row._mapping["repeat_hash"]))  # noqa: SLF001 - documented


def of_task(connection: Connection, app_id: str, uuid: str) -> Submission | None:
    """Return the submission of a slurm-proxy task."""
    return _first(
        connection, select(submissions).where(submissions.c.app_id == app_id, submissions.c.task_uuid == uuid, _LIVE)
    )


def of_job(connection: Connection, app_id: str, job_id: int, cluster: str | None = None) -> Submission | None:
    """Return the newest submission of an app whose Slurm job has this id."""
    query = select(submissions).where(submissions.c.app_id == app_id, submissions.c.job_id == job_id, _LIVE)
    if cluster is not None:
        query = query.where(submissions.c.cluster == cluster)
    return _first(connection, query.order_by(submissions.c.number.desc()).limit(1))


def of_jobs(connection: Connection, cluster: str, job_ids: Collection[int]) -> list[Submission]:
    """Return the submissions, of all apps, whose job is one of these: the last started last, as numbers come again."""
    wanted, found = sorted(job_ids), []
    for start in range(0, len(wanted), 1000):
        query = select(submissions).where(
            submissions.c.cluster == cluster, submissions.c.job_id.in_(wanted[start : start + 1000])
        )
        found += [_submission(row) for row in connection.execute(query.order_by(submissions.c.requested_at))]
    return found


@dataclass(frozen=True, slots=True)
class SubmissionFilter:
    """Which submissions of an app to list. ``after``: only those beyond this number, in the order asked for."""

    user: str | None = None
    phases: tuple[Phase, ...] = ()
    states: tuple[str, ...] = ()
    name: str | None = None
    cluster: str | None = None
    since: float | None = None
    until: float | None = None
    after: int | None = None


def find(
    connection: Connection, app_id: str, wanted: SubmissionFilter, *, limit: int, newest: bool = False
) -> list[Submission]:
    """List submissions, oldest first (or newest first), at most ``limit``."""
    column = submissions.c.number
    query = select(submissions).where(submissions.c.app_id == app_id, _LIVE, *_conditions(wanted))
    if wanted.after is not None:
        query = query.where(column < wanted.after if newest else column > wanted.after)
    query = query.order_by(column.desc() if newest else column).limit(limit)
    return [_submission(row) for row in connection.execute(query).fetchall()]


def count(connection: Connection, app_id: str, wanted: SubmissionFilter) -> int:
    """Return how many submissions a filter finds, on all pages."""
    query = select(func.count()).where(submissions.c.app_id == app_id, _LIVE, *_conditions(wanted))
    return int(connection.execute(query).scalar_one())


def count_active(connection: Connection, app_id: str, user: str | None = None) -> int:
    """Return how many submissions of an app (of a user) Slurm has or may have."""
    query = select(func.count()).where(submissions.c.app_id == app_id, _ACTIVE, _LIVE)
    if user is not None:
        query = query.where(submissions.c.user == user)
    return int(connection.execute(query).scalar_one())


def begin(connection: Connection, submission: Submission, now: float) -> Submission | None:
    """Take a submission that is not started to be started; None if somebody else has, or if it was deleted."""
    phases = [Phase.CREATED.value, Phase.ENDED.value, Phase.REFUSED.value]
    earlier = submission.earlier_jobs if submission.job_id is None else [*submission.earlier_jobs, submission.job_id]
    values = {
        "request": _json({**submission.request, "earlier_jobs": earlier}),
        "phase": Phase.SUBMITTING.value,
        "run": submission.run + 1,
        "job_id": None,
        "state": None,
        "problem": None,
        "outcome": None,
        "figures": None,
        "requested_at": now,
        "started_at": None,
        "ended_at": None,
    }
    return _change(connection, submission, and_(submissions.c.phase.in_(phases), _LIVE), values)


def submitted(connection: Connection, submission: Submission, job_id: int) -> Submission | None:
    """Keep the job that a start led to; None if that was kept already."""
    values = {"of": submission.number, "in_run": submission.run, "job": job_id, "now": _PENDING}
    if not connection.execute(_SUBMITTED, values).rowcount:
        return None
    return with_job(submission, job_id)


def with_job(submission: Submission, job_id: int) -> Submission:
    """Return a submission as it is once the job that its start led to is kept."""
    return replace(submission, phase=Phase.ACTIVE, job_id=job_id, state=_PENDING, problem=None)


def refused(connection: Connection, submission: Submission, problem: str, now: float) -> Submission | None:
    """Keep that Slurm refused a start, and its words."""
    values = {"phase": Phase.REFUSED.value, "problem": problem, "ended_at": now}
    return _change(connection, submission, submissions.c.phase == Phase.SUBMITTING.value, values)


def doubt(connection: Connection, submission: Submission, problem: str) -> None:
    """Keep why it is not known what became of a start."""
    _change(connection, submission, submissions.c.phase == Phase.SUBMITTING.value, {"problem": problem})


def follow(connection: Connection, submission: Submission, values: Mapping[str, object]) -> None:
    """Keep what was seen of a job: columns of this table; ``outcome`` as a mapping."""
    written = {name: _json(value) if name in ("outcome", "figures") else value for name, value in values.items()}
    _change(connection, submission, submissions.c.job_id == submission.job_id, written)


def submitting(connection: Connection, before: float) -> list[Submission]:
    """Return starts that began before a time and have no outcome."""
    chosen = and_(submissions.c.phase == Phase.SUBMITTING.value, submissions.c.requested_at <= before)
    return [_submission(row) for row in connection.execute(select(submissions).where(chosen))]


def active_arrays(connection: Connection) -> list[Submission]:
    """Return submissions whose job may be an array that is not over."""
    chosen = and_(submissions.c.phase == Phase.ACTIVE.value, submissions.c.request.contains('"array":'))
    return [_submission(row) for row in connection.execute(select(submissions).where(chosen))]


def forgotten(connection: Connection, before: float) -> list[Submission]:
    """Return submissions that wait for the end of a job which is not open any more, and was not since before a time.

    A job's end closes both at once: nobody told of this one. Arrays are left aside, whose tasks have other numbers.
    """
    columns = submissions.c
    its = and_(jobs.c.cluster == columns.cluster, jobs.c.job_id == columns.job_id, jobs.c.user == columns.user)
    seen = select(jobs.c.job_id).where(its, columns.requested_at <= before)
    chosen = and_(
        columns.phase == Phase.ACTIVE.value,
        ~columns.request.contains('"array":'),
        seen.exists(),
        ~seen.where(or_(jobs.c.open, jobs.c.seen_at > before)).exists(),
    )
    return [_submission(row) for row in connection.execute(select(submissions).where(chosen))]


def without_figures(connection: Connection, limit: int) -> list[Submission]:
    """Return submissions that are over and whose figures were not asked for, oldest first."""
    chosen = and_(
        submissions.c.phase == Phase.ENDED.value, submissions.c.figures.is_(None), submissions.c.job_id.is_not(None)
    )
    query = select(submissions).where(chosen).order_by(submissions.c.number).limit(limit)
    return [_submission(row) for row in connection.execute(query)]


def mark_deleted(connection: Connection, submission: Submission, now: float) -> None:
    """Hide a submission, and free its task's uuid. Its idempotency key goes on leading to "it was deleted"."""
    values = {"deleted_at": now, "task_uuid": None}
    connection.execute(update(submissions).where(submissions.c.number == submission.number).values(values))


def discard(connection: Connection, submission: Submission) -> None:
    """Forget a submission that never came to be."""
    connection.execute(delete(submissions).where(submissions.c.number == submission.number))


def forget(connection: Connection, before: float) -> int:
    """Delete submissions that were deleted before a time, a part at once; return how many."""
    chosen = select(submissions.c.number).where(submissions.c.deleted_at < before).limit(2000).scalar_subquery()
    return connection.execute(delete(submissions).where(submissions.c.number.in_(chosen))).rowcount


def _conditions(wanted: SubmissionFilter) -> list[ColumnElement[bool]]:
    columns, chosen = submissions.c, []
    for column, value in ((columns.user, wanted.user), (columns.name, wanted.name), (columns.cluster, wanted.cluster)):
        if value is not None:
            chosen.append(column == value)
    if wanted.phases:
        chosen.append(columns.phase.in_([phase.value for phase in wanted.phases]))
    if wanted.states:
        chosen.append(columns.state.in_(wanted.states))
    if wanted.since is not None:
        chosen.append(columns.created_at >= wanted.since)
    if wanted.until is not None:
        chosen.append(columns.created_at <= wanted.until)
    return chosen


def _change(
    connection: Connection, submission: Submission, condition: ColumnElement[bool], values: Mapping[str, object]
) -> Submission | None:
    columns = submissions.c
    same_run = and_(columns.number == submission.number, columns.run == submission.run)
    changed = update(submissions).where(same_run, condition).values(dict(values)).returning(*columns)
    row = connection.execute(changed).first()
    return None if row is None else _submission(row)


def _first(connection: Connection, query: object) -> Submission | None:
    row = connection.execute(query).first()  # type: ignore[call-overload]
    return None if row is None else _submission(row)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _read(text: str | None) -> dict[str, JSON]:
    value = json.loads(text) if text else {}
    return value if isinstance(value, dict) else {}


def _submission(row: Row[Any]) -> Submission:
    figures = row[_FIGURES]
    return Submission(
        **dict(zip(_PLAIN, _plain(row), strict=True)),
        request=_read(row[_REQUEST]),
        phase=_PHASES[row[_PHASE]],
        outcome=_read(row[_OUTCOME]),
        figures=None if figures is None else _read(figures),
    )
