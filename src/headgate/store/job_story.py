"""What is written down about one job: its events, and the deliveries that they led to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from headgate.model.event import EventKind
from headgate.store import deliveries, journal
from headgate.store.deliveries import Delivery
from headgate.store.journal import Recorded
from headgate.store.tables import events


@dataclass(frozen=True, slots=True)
class Story:
    """Events, oldest first, and deliveries by the number of their event. ``cut``: whether older ones are left out."""

    events: Sequence[Recorded]
    deliveries: dict[int, list[Delivery]]
    cut: bool = False


def of_job(connection: Connection, cluster: str, job_id: int, array_id: int | None, *, limit: int) -> Story:
    """Return the newest events of a job; of a task also that its array was submitted."""
    about: ColumnElement[bool] = events.c.job_id == job_id
    if array_id is not None and array_id != job_id:
        whole = and_(events.c.job_id == array_id, events.c.kind == EventKind.JOB_SUBMITTED.value)
        about = or_(about, whole)
    return _story(connection, and_(_of_cluster(cluster), about), limit)


def of_array(connection: Connection, cluster: str, array_id: int, *, limit: int) -> Story:
    """Return the newest events of an array and its tasks."""
    about = or_(events.c.array_id == array_id, events.c.job_id == array_id)
    return _story(connection, and_(_of_cluster(cluster), about), limit)


def _of_cluster(cluster: str) -> ColumnElement[bool]:
    return events.c.cluster == cluster


def _story(connection: Connection, chosen: ColumnElement[bool], limit: int) -> Story:
    query = select(events.c.id).where(chosen).order_by(events.c.id.desc()).limit(limit + 1)
    numbers = list(connection.execute(query).scalars())
    found = journal.get_many(connection, sorted(numbers[:limit]))
    told: dict[int, list[Delivery]] = {}
    for one in deliveries.of_events(connection, numbers[:limit], limit=2 * limit):
        told.setdefault(one.event_id, []).append(one)
    return Story(found, told, len(numbers) > limit)
