"""Which commit a command means: the head of the pull request at the moment when the command was written.

Somebody who was asked to approve one commit has not approved the next one. A forge tells the head as it is when it is
asked, which is a moment later; the journal knows of pushes and when they were.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from headgate.model.event import EventKind
from headgate.store.tables import events

_HEADS = (EventKind.PULL_REQUEST_OPENED.value, EventKind.PULL_REQUEST_UPDATED.value)
_MOST = 500


@dataclass(frozen=True, slots=True)
class Head:
    """A head of a pull request, since when it is, and whether it took the place of another.

    ``certain``: whether the time is that of the push. What is found afterwards has the time of the last change of any
    kind, and that may be the very comment.
    """

    at: float
    commit: str
    replaces: bool
    certain: bool = True


def heads(connection: Connection, subject: str) -> list[Head]:
    """Return the heads the journal knows of a pull request, by time."""
    query = select(events.c.time, events.c.kind, events.c.data).where(
        events.c.subject == subject, events.c.job_id.is_(None), events.c.kind.in_(_HEADS)
    )
    rows = connection.execute(query.order_by(events.c.id.desc()).limit(_MOST))
    found = [_head(row.time, row.kind, json.loads(row.data)) for row in rows]
    return sorted((one for one in found if one.commit), key=lambda one: one.at)


def _head(at: float, kind: str, data: Mapping[str, object]) -> Head:
    replaces = kind == EventKind.PULL_REQUEST_UPDATED.value
    return Head(at, str(data.get("head") or ""), replaces, certain=bool(data.get("delivery")))


def head_at(known: list[Head], written: float, now: str) -> str | None:
    """Return the head at the time a command was written; None if it was replaced since, and nobody knows by what.

    ``now``: the head as the forge tells it.
    """
    later = [one for one in known if one.replaces and one.at > written]
    if not later:
        return now
    if not all(one.certain for one in later):
        return None
    before = [one for one in known if one.at <= written]
    return before[-1].commit if before else None
