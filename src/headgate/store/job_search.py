"""Jobs as people look for them: filtered, sorted, in pages; the attempts of a job are one, and so is an array.

What is asked for by user, state and time is found by indexes; of that the newest ``MOST_READ`` attempts are looked
through for the rest, so that no question reads everything.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy.sql.elements import UnaryExpression

from headgate.model.states import JobState
from headgate.store.own_jobs import clusters_of_jobs
from headgate.store.tables import jobs

MOST_READ: Final = 20_000
"""Attempts that one question looks through."""
FAILED: Final = tuple(state.text for state in JobState if state.failed)
"""States of jobs that did not do what they were asked."""
_OPEN_STATES: Final = tuple(state.text for state in JobState if not state.terminal)
_NUMBER: Final = re.compile(r"([1-9][0-9]{0,9})(?:[_+](?:[0-9]{1,9}|\*))?", re.ASCII)


class JobSort(enum.StrEnum):
    """What a list of jobs is sorted by."""

    SUBMITTED = "submitted"
    NUMBER = "job"
    NAME = "name"
    USER = "user"
    ACCOUNT = "account"
    PARTITION = "partition"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs. Times are seconds since the epoch; ``name`` is a part of it.

    ``search``: a job's or an array's number, a task (``12_3``), or else a part of the name. ``changed``: whose state
    changed since.
    """

    user: str | None = None
    states: tuple[str, ...] = ()
    open: bool = False
    cluster: str | None = None
    account: str | None = None
    partition: str | None = None
    name: str | None = None
    search: str = ""
    since: float | None = None
    until: float | None = None
    changed: float | None = None


@dataclass(frozen=True, slots=True)
class FoundJob:
    """A job, or an array. ``states``: Slurm's word -> how many of its records."""

    cluster: str
    number: int
    array: bool
    label: str
    name: str
    user: str
    account: str
    partition: str
    submitted: int
    states: Mapping[str, int] = field(default_factory=dict)
    rest: bool = False
    """Whether one of the records stands for all tasks that still wait together."""

    @property
    def records(self) -> int:
        """How many records there are."""
        return sum(self.states.values())

    @property
    def open(self) -> bool:
        """Whether some of it is not over."""
        return any(state in _OPEN_STATES for state in self.states)

    @property
    def waits(self) -> bool:
        """Whether some of it has not begun."""
        return JobState.PENDING.text in self.states

    @property
    def runs(self) -> bool:
        """Whether some of it has begun and is not over."""
        return any(state in _OPEN_STATES and state != JobState.PENDING.text for state in self.states)


@dataclass(frozen=True, slots=True)
class FoundJobs:
    """One page of a list. ``total``: how many jobs there are in all; ``cut``: whether older ones were not looked at."""

    jobs: Sequence[FoundJob]
    total: int
    cut: bool


def find(
    connection: Connection,
    wanted: JobFilter,
    *,
    sort: JobSort = JobSort.SUBMITTED,
    descending: bool = True,
    limit: int = 50,
    offset: int = 0,
) -> FoundJobs:
    """Return a page of jobs."""
    rows = _attempts(connection, wanted)
    c = rows.c
    number = func.coalesce(c.array_id, c.job_id).label("number")
    keys: Mapping[JobSort, ColumnElement[Any]] = {
        JobSort.SUBMITTED: func.max(c.submitted),
        JobSort.NUMBER: number,
        **{one: func.max(func.lower(c[one.value])) for one in (JobSort.NAME, JobSort.USER, JobSort.ACCOUNT)},
        JobSort.PARTITION: func.max(c.partition),
        JobSort.STATE: func.max(c.state),
    }
    order: Sequence[ColumnElement[Any]] = (keys[sort], func.max(c.submitted), number)
    ways: list[UnaryExpression[Any]] = [
        key.desc() if descending or place else key.asc() for place, key in enumerate(order)
    ]
    query = (
        select(c.cluster, number, func.count(c.array_id), func.count().over())
        .where(*_rest_of(rows, wanted))
        .group_by(c.cluster, number)
        .order_by(*ways, c.cluster)
        .limit(limit)
        .offset(offset)
    )
    page = list(connection.execute(query))
    found = _described(connection, [(row[0], row[1], bool(row[2])) for row in page], wanted.user)
    return FoundJobs(found, page[0][3] if page else 0, _is_cut(connection, wanted))


def tasks_of(
    connection: Connection, cluster: str, array_id: int, *, user: str | None, limit: int, offset: int = 0
) -> list[FoundJob]:
    """Return the tasks of an array, one record each, by job id; only a user's, if one is given."""
    chosen = [jobs.c.cluster == cluster, jobs.c.array_id == array_id, _LATEST]
    if user is not None:
        chosen.append(jobs.c.user == user)
    query = select(*_COLUMNS).where(*chosen).order_by(jobs.c.job_id, jobs.c.submitted).limit(limit).offset(offset)
    return [_one(row) for row in connection.execute(query)]


def summary_of(connection: Connection, cluster: str, number: int, *, array: bool, user: str | None) -> FoundJob | None:
    """Return a job, or an array, as a list has it; None if there is none (of this user, if one is given)."""
    return next(iter(_described(connection, [(cluster, number, array)], user)), None)


_COLUMNS: Final = (
    jobs.c.cluster,
    jobs.c.job_id,
    jobs.c.array_id,
    jobs.c.submitted,
    jobs.c.user,
    jobs.c.account,
    jobs.c.partition,
    jobs.c.name,
    jobs.c.label,
    jobs.c.state,
    jobs.c.open,
)
_OPEN: Final[ColumnElement[bool]] = literal_column("jobs.open")
_LATEST: Final = or_(_OPEN, jobs.c.state.not_in(_OPEN_STATES))
"""Not an attempt that was put back into the queue: that is over, in a state that is not."""


def _attempts(connection: Connection, wanted: JobFilter) -> Subquery:
    """Return the newest attempts that indexes find."""
    named = _NUMBER.fullmatch(wanted.search)
    if named is not None:
        known = clusters_of_jobs(connection)
        both = [
            select(*_COLUMNS).where(jobs.c.cluster.in_(known), column == int(named[1]), *_indexed(wanted))
            for column in (jobs.c.job_id, jobs.c.array_id)
        ]
        return union(*both).subquery()
    return _newest(connection, wanted, _COLUMNS).limit(MOST_READ).subquery()


def _newest(connection: Connection, wanted: JobFilter, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    chosen = list(_indexed(wanted))
    if wanted.open and wanted.user is None:
        chosen.append(jobs.c.cluster.in_(clusters_of_jobs(connection)))
    time = jobs.c.submitted if wanted.changed is None else jobs.c.seen_at
    return select(*columns).where(*chosen).order_by(time.desc(), jobs.c.job_id.desc())


def _indexed(wanted: JobFilter) -> list[ColumnElement[bool]]:
    """Return what narrows the search by indexes."""
    chosen: list[ColumnElement[bool]] = []
    if wanted.user is not None:
        chosen.append(jobs.c.user == wanted.user)
    if wanted.states:
        chosen += [jobs.c.state.in_(wanted.states), _LATEST]
    if wanted.open:
        chosen.append(_OPEN)
    if wanted.since is not None:
        chosen.append(jobs.c.submitted >= wanted.since)
    if wanted.until is not None:
        chosen.append(jobs.c.submitted <= wanted.until)
    if wanted.changed is not None:
        chosen.append(jobs.c.seen_at >= wanted.changed)
    return chosen


def _rest_of(rows: Subquery, wanted: JobFilter) -> list[ColumnElement[bool]]:
    """Return what is asked for beyond that."""
    chosen: list[ColumnElement[bool]] = [
        rows.c[name] == value
        for name, value in (
            ("cluster", wanted.cluster),
            ("account", wanted.account),
            ("partition", wanted.partition),
        )
        if value is not None
    ]
    if wanted.name is not None:
        chosen.append(rows.c.name.icontains(wanted.name, autoescape=True))
    if wanted.search:
        named = _NUMBER.fullmatch(wanted.search)
        if named is None:
            chosen.append(rows.c.name.icontains(wanted.search, autoescape=True))
        elif not wanted.search.isdigit():
            chosen.append(rows.c.label == wanted.search)
    return chosen


def _is_cut(connection: Connection, wanted: JobFilter) -> bool:
    if _NUMBER.fullmatch(wanted.search) is not None:
        return False
    return (
        connection.execute(_newest(connection, wanted, [jobs.c.job_id]).limit(1).offset(MOST_READ)).first() is not None
    )


def _described(connection: Connection, keys: Sequence[tuple[str, int, bool]], user: str | None) -> list[FoundJob]:
    """Return jobs and arrays by cluster and number, in that order."""
    found: dict[tuple[str, int, bool], FoundJob] = {}
    for cluster in {key[0] for key in keys}:
        for array in (True, False):
            numbers = [number for name, number, is_array in keys if name == cluster and is_array is array]
            if numbers:
                read = _arrays if array else _singles
                found |= {(cluster, one.number, array): one for one in read(connection, cluster, numbers, user)}
    return [found[key] for key in keys if key in found]


def _singles(connection: Connection, cluster: str, numbers: Sequence[int], user: str | None) -> list[FoundJob]:
    """Return jobs that are no arrays: each as its newest attempt is."""
    chosen = [jobs.c.cluster == cluster, jobs.c.job_id.in_(numbers), jobs.c.array_id.is_(None)]
    if user is not None:
        chosen.append(jobs.c.user == user)
    rows = connection.execute(select(*_COLUMNS).where(*chosen).order_by(jobs.c.submitted))
    return list({row.job_id: _one(row) for row in rows}.values())


def _one(row: Any) -> FoundJob:
    requeued = not row.open and row.state in _OPEN_STATES
    return FoundJob(
        row.cluster,
        row.job_id,
        False,
        row.label or str(row.job_id),
        row.name,
        row.user,
        row.account,
        row.partition,
        row.submitted,
        {"REQUEUED" if requeued else row.state: 1},
        row.array_id is not None and row.label.endswith("_*"),
    )


def _arrays(connection: Connection, cluster: str, numbers: Sequence[int], user: str | None) -> list[FoundJob]:
    c = jobs.c
    chosen = and_(c.cluster == cluster, c.array_id.in_(numbers), _LATEST)
    if user is not None:
        chosen = and_(chosen, c.user == user)
    words = [func.max(c[word]).label(word) for word in ("name", "user", "account", "partition")]
    rests = func.max(case((c.label.endswith("_*", autoescape=True), 1), else_=0)).label("rest")
    query = (
        select(
            c.array_id, c.state, func.count().label("records"), func.min(c.submitted).label("submitted"), rests, *words
        )
        .where(chosen)
        .group_by(c.array_id, c.state)
        .order_by(c.array_id, c.state)
    )
    groups: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(query):
        groups.setdefault(row.array_id, []).append(row)
    return [
        FoundJob(
            cluster,
            number,
            True,
            f"{number}_*",
            rows[0].name,
            rows[0].user,
            rows[0].account,
            rows[0].partition,
            min(row.submitted for row in rows),
            {row.state: row.records for row in rows},
            any(row.rest for row in rows),
        )
        for number, rows in groups.items()
    ]
