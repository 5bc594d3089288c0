"""Finding mails that Slurm should have asked for and did not.

Looks at the journal's job events once they are old enough that Slurm's own mail must have come, asks whether it came,
and if not writes the mail request itself. The key of that request makes it one, however often it is looked for; a mail
that comes later still is recognised and dropped where messages are made.
"""

from __future__ import annotations

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection, func, select

from headgate.events.journal import Journal
from headgate.events.sources.changes import KnownJob
from headgate.events.sources.lost_mail import ArrayStatus, Expected, Wish, expected, lost_mail, was_asked
from headgate.events.sources.stored_jobs import known_job
from headgate.model.event import Event, EventKind, Source
from headgate.store import cursors, jobs, journal
from headgate.store.jobs import StoredJob
from headgate.store.journal import EventFilter, Recorded
from headgate.store.tables import events, witnesses

_log = structlog.get_logger(__name__)

LOST = Counter("headgate_lost_mails", "Mails that Slurm should have asked for, and which Headgate found missing.")

_SINCE = "mail.audit.since"
_AT = "mail.audit.event"
_EVERY = 5.0
_BATCH = 500
_MAILS = 200
"""Mail requests of one job that are looked at."""


class MailAudit:
    """Looks for lost mails, from where it last stopped."""

    def __init__(self, events_: Journal, grace: float | None) -> None:
        """``grace``: seconds Slurm's own mail is waited for; None: nothing is looked for."""
        self._events = events_
        self._grace = grace
        self._looked = 0.0

    def begin(self, connection: Connection, now: float) -> None:
        """Remember the first start: what happened before it is none of our business."""
        cursors.set_once(connection, _SINCE, now)

    def due(self, now: float) -> bool:
        """Say whether it is time to look again."""
        return self._grace is not None and now - self._looked >= min(_EVERY, max(self._grace, 0.5))

    def look(self, connection: Connection, now: float) -> int:
        """Look at the events that have become old enough; return how many mails were lost."""
        if self._grace is None:
            return 0
        self._looked = now
        if not _handed_over(connection):
            return 0
        since = cursors.read(connection, _SINCE) or now
        old = _old_enough(connection, int(cursors.read(connection, _AT) or 0), now - self._grace)
        lost = [made for item in old if item.event.time >= since and (made := self._missing(connection, item, now))]
        for made in lost:
            _log.warning("mail.lost", subject=made.subject, key=made.key)
        LOST.inc(len(self._events.append(connection, lost)))
        if old:
            cursors.advance(connection, _AT, old[-1].id)
        return len(lost)

    def _missing(self, connection: Connection, item: Recorded, now: float) -> Event | None:
        event = item.event
        if Source.MAIL in item.witnesses or event.job_id is None:
            return None
        stored = _attempt(connection, event)
        if stored is None or not stored.mail_types:
            return None
        wish = Wish(stored.mail_types, stored.mail_user)
        job = known_job(stored)
        wanted = expected(event, job, wish, _array(connection, job))
        if wanted is None or was_asked(wanted, _mails(connection, wanted)):
            return None
        return lost_mail(wanted, event, job, wish, now)


def _handed_over(connection: Connection) -> bool:
    """Say whether Slurm ever handed us a mail: if not, another MailProg may be doing the telling."""
    query = (
        select(events.c.id)
        .join(witnesses, witnesses.c.event_id == events.c.id)
        .where(events.c.kind == EventKind.MAIL_REQUESTED.value, witnesses.c.source == Source.MAIL.value)
        .limit(1)
    )
    return connection.execute(query).first() is not None


def _old_enough(connection: Connection, after: int, before: float) -> list[Recorded]:
    kinds = (EventKind.JOB_STARTED.value, EventKind.JOB_ENDED.value, EventKind.JOB_REQUEUED.value)
    young = select(func.min(events.c.id)).where(events.c.id > after, events.c.recorded_at > before).scalar_subquery()
    query = (
        select(events.c.id)
        .where(events.c.id > after, events.c.kind.in_(kinds))
        .where(events.c.id < func.coalesce(young, 2**62))
        .order_by(events.c.id)
        .limit(_BATCH)
    )
    return journal.get_many(connection, list(connection.execute(query).scalars()))


def _attempt(connection: Connection, event: Event) -> StoredJob | None:
    stored = jobs.of_job(connection, event.cluster, event.job_id or 0)
    same = [item for item in stored if item.attempt.submitted == event.data.get("submitted")]
    return same[0] if same else None


def _array(connection: Connection, job: KnownJob) -> ArrayStatus | None:
    if job.array_id is None:
        return None
    submitted = jobs.array_submitted(connection, job.attempt.cluster, job.array_id)
    still_open = jobs.has_open_tasks(connection, job.attempt.cluster, job.array_id)
    return ArrayStatus(still_open, job.attempt.submitted if submitted is None else submitted)


def _mails(connection: Connection, wanted: Expected) -> list[Event]:
    asked = EventFilter(
        kind=EventKind.MAIL_REQUESTED.value, job_id=wanted.attempt.job_id, cluster=wanted.attempt.cluster
    )
    return [item.event for item in journal.find(connection, asked, limit=_MAILS)]
