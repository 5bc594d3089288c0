"""The audit log's queries: who had something done, by which way, and what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from headgate.model.text import one_line
from headgate.store.tables import audit

_AT_ONCE = 2000
_SHORT = 80
_LONG = 1000
_INSERT = insert(audit).returning(audit.c.id)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the log. ``time`` is in seconds since the epoch."""

    id: int
    time: float
    user: str
    """The Unix account; empty if nobody knows whose doing it was."""
    via: str
    """By which way it was asked for: ``bot matrix``, ``local socket``, ``api portal``, ``rule drain-flapping``."""
    action: str
    subject: str
    """What it was about: ``job 123``, ``slack``."""
    outcome: str
    """``done``, ``refused``, ``failed``, or another short word; ``begun`` while it is not over."""
    detail: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to read. ``since`` and ``until`` are seconds since the epoch."""

    user: str | None = None
    via: str | None = None
    action: str | None = None
    since: float | None = None
    until: float | None = None
    subject: str | None = None
    outcome: str | None = None


def record(
    connection: Connection,
    *,
    user: str,
    via: str,
    action: str,
    outcome: str,
    subject: str = "",
    detail: str = "",
    now: float | None = None,
) -> int:
    """Write an entry; return its number. Texts are cleaned and bounded here; the caller keeps secrets out of them."""
    values = {
        "time": time.time() if now is None else now,
        "user": one_line(user, _SHORT),
        "via": one_line(via, _SHORT),
        "action": one_line(action, _SHORT),
        "subject": one_line(subject, _LONG),
        "outcome": one_line(outcome, _SHORT),
        "detail": one_line(detail, _LONG),
    }
    number: int = connection.execute(_INSERT, values).scalar_one()
    return number


def finish(connection: Connection, number: int, outcome: str, detail: str = "") -> None:
    """Say of an entry what became of it; ``detail`` is put behind what it says already."""
    before = connection.execute(select(audit.c.detail).where(audit.c.id == number)).scalar() or ""
    known = "; ".join(part for part in (before, one_line(detail, _LONG) if detail else "") if part)
    values = {"outcome": one_line(outcome, _SHORT), "detail": one_line(known, 2 * _LONG)}
    connection.execute(update(audit).where(audit.c.id == number).values(**values))


def find(connection: Connection, wanted: AuditFilter, *, limit: int) -> list[AuditEntry]:
    """Read entries, oldest first; of more than ``limit`` the newest."""
    query = _chosen(wanted).order_by(audit.c.id.desc()).limit(limit)
    return [AuditEntry(**row) for row in reversed(list(connection.execute(query).mappings()))]


def page(
    connection: Connection, wanted: AuditFilter, *, limit: int, offset: int = 0, before: int | None = None
) -> list[AuditEntry]:
    """Read entries, newest first, from the ``offset``-th on; ``before``: only those with lower numbers."""
    query = _chosen(wanted)
    if before is not None:
        query = query.where(audit.c.id < before)
    query = query.order_by(audit.c.id.desc()).limit(limit).offset(offset)
    return [AuditEntry(**row) for row in connection.execute(query).mappings()]


def _chosen(wanted: AuditFilter) -> Select[tuple[Any, ...]]:
    query: Select[tuple[Any, ...]] = select(audit)
    for column, value in (
        (audit.c.user, wanted.user),
        (audit.c.via, wanted.via),
        (audit.c.action, wanted.action),
        (audit.c.subject, wanted.subject),
        (audit.c.outcome, wanted.outcome),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(audit.c.time >= wanted.since)
    if wanted.until is not None:
        query = query.where(audit.c.time <= wanted.until)
    return query


def forget(connection: Connection, before: float) -> int:
    """Delete some entries from before a time. Return how many."""
    chosen = select(audit.c.id).where(audit.c.time < before).order_by(audit.c.id).limit(_AT_ONCE).scalar_subquery()
    return connection.execute(delete(audit).where(audit.c.id.in_(chosen))).rowcount
