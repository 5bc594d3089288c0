"""Rows of build jobs' status tables: what is to be written into comments, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select, text, update

from headgate.model.build import BuildRow
from headgate.store.dialect import insert_new
from headgate.store.signals import Topic
from headgate.store.store import ring
from headgate.store.tables import build_rows

_UNWRITTEN = text("NOT written")


class Told(Protocol):
    """A row as it is worded: when, a job status, and a comment that is fit for a cell."""

    @property
    def time(self) -> float:
        """When, in seconds since the epoch."""

    @property
    def status(self) -> str:
        """The job status."""

    @property
    def comment(self) -> str:
        """The comment."""


def add(connection: Connection, job: int, key: str, row: Told) -> bool:
    """Owe a row; say whether it is new. ``key``: the same news of the same job has the same key."""
    values = {"job": job, "key": key, "status": row.status, "text": row.comment, "at": row.time, "written": False}
    statement = insert_new(connection, build_rows).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=["job", "key"])
    new = connection.execute(statement.returning(build_rows.c.id)).scalar() is not None
    if new:
        ring(connection, Topic.BUILDS)
    return new


def owed(connection: Connection) -> dict[int, list[BuildRow]]:
    """Return our job's number -> the rows that are not in its comment yet, in order."""
    found: dict[int, list[BuildRow]] = {}
    for row in connection.execute(select(build_rows).where(_UNWRITTEN).order_by(build_rows.c.id)):
        one = _row(row)
        found.setdefault(one.job, []).append(one)
    return found


def of_job(connection: Connection, job: int) -> list[BuildRow]:
    """Return all rows of a job, in order."""
    query = select(build_rows).where(build_rows.c.job == job).order_by(build_rows.c.id)
    return [_row(row) for row in connection.execute(query)]


def mark_written(connection: Connection, numbers: Sequence[int]) -> None:
    """Write that these rows are in the comment."""
    for start in range(0, len(numbers), 500):
        chosen = build_rows.c.id.in_(numbers[start : start + 500])
        connection.execute(update(build_rows).where(chosen).values(written=True))


def owe_all(connection: Connection, job: int) -> None:
    """Write that no row of a job is in a comment: its comment is gone."""
    connection.execute(update(build_rows).where(build_rows.c.job == job).values(written=False))


def _row(row: Row[Any]) -> BuildRow:
    return BuildRow(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
