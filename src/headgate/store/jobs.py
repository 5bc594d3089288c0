"""What the watcher knows of jobs, kept over restarts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, func, or_, select, text, update

from headgate.model.event import JSON
from headgate.model.job import Attempt
from headgate.model.states import JobState
from headgate.store.dialect import insert_new
from headgate.store.tables import jobs

_WORDS: Final = ("user", "account", "partition", "name", "label", "state")
"""What of ``data`` has a column of its own, too, to find jobs by."""
_KEYS: Final = ("cluster", "job_id", "submitted")
_OPEN_STATES: Final = tuple(state.text for state in JobState if not state.terminal)


@dataclass(frozen=True, slots=True)
class StoredJob:
    """One attempt of one job. ``data`` is the watcher's own; ``mail_types`` is None until they were asked for."""

    attempt: Attempt
    open: bool
    data: Mapping[str, JSON]
    array_id: int | None = None
    mail_types: frozenset[str] | None = None
    mail_user: str = ""


def open_jobs(connection: Connection, cluster: str) -> list[StoredJob]:
    """Return every attempt that is not over, as far as we know."""
    return [_job(row) for row in connection.execute(select(jobs).where(jobs.c.cluster == cluster, text("jobs.open")))]


def of_job(connection: Connection, cluster: str, job_id: int) -> list[StoredJob]:
    """Return the attempts of one job id, oldest first."""
    query = select(jobs).where(jobs.c.cluster == cluster, jobs.c.job_id == job_id).order_by(jobs.c.submitted)
    return [_job(row) for row in connection.execute(query)]


_KNOWN = (
    select(jobs)
    .where(jobs.c.cluster == bindparam("of"), jobs.c.job_id.in_(bindparam("numbers", expanding=True)))
    .order_by(jobs.c.submitted)
)


def known_of(connection: Connection, ids: Sequence[tuple[str, int]]) -> dict[tuple[str, int], StoredJob]:
    """Return (cluster, job id) -> the newest attempt of those jobs that are known."""
    by_cluster: dict[str, list[int]] = {}
    for cluster, number in ids:
        by_cluster.setdefault(cluster, []).append(number)
    found: dict[tuple[str, int], StoredJob] = {}
    for cluster, numbers in by_cluster.items():
        for start in range(0, len(numbers), 1000):
            for row in connection.execute(_KNOWN, {"of": cluster, "numbers": numbers[start : start + 1000]}):
                job = _job(row)
                found[cluster, job.attempt.job_id] = job
    return found


@dataclass(frozen=True, slots=True)
class Counted:
    """How many jobs of a cluster are not over, by Slurm's word for it, and when one was last seen to change."""

    states: Mapping[str, int]
    seen_at: float | None


def counted(connection: Connection, cluster: str) -> Counted:
    """Count the jobs of a cluster that are not over."""
    query = select(jobs.c.data).where(jobs.c.cluster == cluster, text("jobs.open"))
    states: dict[str, int] = {}
    for row in connection.execute(query):
        word = str(json.loads(row.data).get("state", ""))
        states[word] = states.get(word, 0) + 1
    seen = connection.execute(select(func.max(jobs.c.seen_at)).where(jobs.c.cluster == cluster)).scalar()
    return Counted(states, seen)


def seen_since(connection: Connection, since: float, user: str | None, limit: int) -> list[StoredJob]:
    """Return the attempts that changed since a time (of a user, if one is given), newest first, at most ``limit``."""
    query = select(jobs).where(jobs.c.seen_at >= since).order_by(jobs.c.seen_at.desc(), jobs.c.job_id.desc())
    found: list[StoredJob] = []
    for row in connection.execute(query.limit(limit * 10)):
        job = _job(row)
        if user is None or job.data.get("user") == user:
            found.append(job)
        if len(found) >= limit:
            break
    return found


def closed_among(connection: Connection, attempts: Sequence[Attempt]) -> set[Attempt]:
    """Return those attempts that are known to be over."""
    numbers = sorted({attempt.job_id for attempt in attempts})
    closed: set[Attempt] = set()
    for start in range(0, len(numbers), 1000):
        query = select(jobs.c.cluster, jobs.c.job_id, jobs.c.submitted).where(
            jobs.c.job_id.in_(numbers[start : start + 1000]), ~jobs.c.open
        )
        closed.update(Attempt(*row) for row in connection.execute(query))
    return closed.intersection(attempts)


def has_open_tasks(connection: Connection, cluster: str, array_id: int) -> bool:
    """Say whether a task of an array is not over, as far as we know."""
    query = select(jobs.c.job_id).where(jobs.c.cluster == cluster, jobs.c.array_id == array_id, jobs.c.open).limit(1)
    return connection.execute(query).first() is not None


def of_array(connection: Connection, cluster: str, array_id: int, since: float) -> list[StoredJob]:
    """Return the records of an array and its tasks that were submitted since a time, by job id."""
    query = select(jobs).where(jobs.c.cluster == cluster, jobs.c.array_id == array_id, jobs.c.submitted >= since)
    return [_job(row) for row in connection.execute(query.order_by(jobs.c.job_id, jobs.c.submitted))]


def array_submitted(connection: Connection, cluster: str, array_id: int) -> int | None:
    """Return when an array was submitted: the least submit time of its records; None if it is not known."""
    query = select(func.min(jobs.c.submitted)).where(jobs.c.cluster == cluster, jobs.c.array_id == array_id)
    return connection.execute(query).scalar()


def keep(connection: Connection, changed: Sequence[StoredJob], now: float) -> None:
    """Write what is known of attempts; what is known of their mail stays where ``mail_types`` is None."""
    if not changed:
        return
    statement = insert_new(connection, jobs)
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["cluster", "job_id", "submitted"],
            set_={name: new[name] for name in ("open", "array_id", "data", "seen_at", *_WORDS)},
        ),
        [
            {
                "cluster": job.attempt.cluster,
                "job_id": job.attempt.job_id,
                "submitted": job.attempt.submitted,
                "open": job.open,
                "array_id": job.array_id,
                "data": json.dumps(job.data, separators=(",", ":")),
                "mail_types": None if job.mail_types is None else ",".join(sorted(job.mail_types)),
                "mail_user": job.mail_user,
                "seen_at": now,
                **{word: _word(job.data, word) for word in _WORDS},
            }
            for job in changed
        ],
    )


def name(connection: Connection, cluster: str) -> None:
    """Write the words that an older program, which knows no columns for them, left out or behind.

    It worked on this store beside a newer one: of what it wrote, an attempt is open, or has no user, or still the state
    it was open in.
    """
    behind = or_(text("jobs.open"), jobs.c.user == "", jobs.c.state.in_(_OPEN_STATES))
    found: list[dict[str, object]] = []
    for row in connection.execute(select(jobs).where(jobs.c.cluster == cluster, behind)):
        known, data = row._mapping, json.loads(row.data)  # noqa: SLF001 - SQLAlchemy's documented accessor
        words = {word: _word(data, word) for word in _WORDS}
        if any(known[word] != words[word] for word in _WORDS):
            found.append(
                {f"of_{key}": known[key] for key in _KEYS} | {f"new_{word}": value for word, value in words.items()}
            )
    if found:
        connection.execute(
            update(jobs)
            .where(*(jobs.c[key] == bindparam(f"of_{key}") for key in _KEYS))
            .values({word: bindparam(f"new_{word}") for word in _WORDS}),
            found,
        )


def keep_mail(connection: Connection, wishes: Mapping[Attempt, tuple[frozenset[str], str]]) -> None:
    """Write which mails the owners of attempts asked for: attempt -> (mail types, receivers)."""
    if not wishes:
        return
    statement = (
        update(jobs)
        .where(jobs.c.cluster == bindparam("of_cluster"), jobs.c.job_id == bindparam("of_job"))
        .where(jobs.c.submitted == bindparam("of_submit"))
        .values(mail_types=bindparam("types"), mail_user=bindparam("receivers"))
    )
    connection.execute(
        statement,
        [
            {
                "of_cluster": attempt.cluster,
                "of_job": attempt.job_id,
                "of_submit": attempt.submitted,
                "types": ",".join(sorted(types)),
                "receivers": receivers,
            }
            for attempt, (types, receivers) in wishes.items()
        ],
    )


def _word(data: Mapping[str, JSON], word: str) -> str:
    """Return a word of the data as a database takes it, whatever bytes Slurm had for it."""
    return str(data.get(word, "")).encode(errors="replace").decode()


def _job(row: object) -> StoredJob:
    value = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 - SQLAlchemy's documented accessor
    types = value["mail_types"]
    return StoredJob(
        attempt=Attempt(value["cluster"], value["job_id"], value["submitted"]),
        open=bool(value["open"]),
        data=json.loads(value["data"]),
        array_id=value["array_id"],
        mail_types=None if types is None else frozenset(word for word in types.split(",") if word),
        mail_user=value["mail_user"] or "",
    )
