"""The watcher: asks Slurm once a tick for all jobs, and writes what changed.

It sees everything, slowly; the mail hand-off sees some things, at once, and wakes it. What left the queue between two
ticks, or while nobody watched, is resolved by one ``sacct`` for all. When Slurm is slow or away the watcher waits
longer, says so, and nothing else is touched by it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import Connection

from headgate.errors import SlurmError
from headgate.events.journal import Journal
from headgate.events.sources.changes import Changes, KnownJob, catch_up, compare, resolve
from headgate.events.sources.gaps import Gaps
from headgate.events.sources.health import Health
from headgate.events.sources.mail_audit import MailAudit
from headgate.events.sources.pace import look_on
from headgate.events.sources.queries import SlurmQueries
from headgate.events.sources.standings import Standing
from headgate.events.sources.stored_jobs import known_job, stored_job
from headgate.model.job import Attempt, Figures, QueuedJob
from headgate.store import cursors, jobs
from headgate.store.signals import Bell, Topic
from headgate.store.store import Store

_log = structlog.get_logger(__name__)

TICKS = Counter("headgate_watcher_ticks", "Looks at the queue, by how they went.", ["result"])
TICK_SECONDS = Histogram("headgate_watcher_tick_seconds", "How long a look at the queue took.")
JOBS = Gauge("headgate_watcher_jobs", "Job records in the queue at the last look.")
SEEN_AT = Gauge("headgate_watcher_seen_timestamp_seconds", "When the queue was last seen, seconds since the epoch.")

SEEN = "watcher.seen"
"""The cursor that says until when the watcher has seen everything."""
_CURSOR_EVERY = 30.0
_MARGIN = 120.0
"""Seconds by which a catch-up reaches further back than what was seen: accounting is late."""
_WISHES_EVERY = 30.0
"""Seconds between two questions which mails jobs' owners asked for, at least."""
_AGAIN = 10.0
"""Seconds until accounting is asked again after it did not answer."""
_UNDATED = 300.0
"""Seconds for which accounting is asked again when it calls an attempt over, but does not say since when."""
_FORGET = 86400.0
"""Seconds after which a job that neither the queue nor accounting knows is not asked for any more."""


@dataclass(frozen=True, slots=True)
class WatcherSettings:
    """Times in seconds. ``interval``: between two looks; ``min_interval``: when the watcher is woken.

    ``slow_after``: an answer that takes longer makes the watcher ask less often. ``grace``: how long Slurm's own mail
    is waited for before it counts as lost; None: lost mails are not looked for. ``days``: how far back to catch up.
    """

    interval: float = 10.0
    min_interval: float = 1.0
    slow_after: float = 5.0
    grace: float | None = 120.0
    days: float = 7.0
    name: str = ""
    """Of a cluster that is not the default one: how far it was seen is kept by this name."""

    @property
    def cursor(self) -> str:
        """The name of the cursor that says until when everything was seen."""
        return f"{SEEN} {self.name}".strip()


@dataclass(slots=True)
class _Asked:
    """When accounting was asked for an attempt that left the queue."""

    first: float
    next: float


class Watcher:
    """Watches the queue of one cluster."""

    def __init__(
        self,
        store: Store,
        events: Journal,
        slurm: SlurmQueries,
        settings: WatcherSettings,
        standing: Standing | None = None,
    ) -> None:
        """``standing``: where it says how it fares."""
        self._store = store
        self._standing = standing or Standing()
        self._events = events
        self._slurm = slurm
        self._settings = settings
        self._audit = MailAudit(events, settings.grace)
        self._cluster = ""
        self._known: dict[Attempt, KnownJob] = {}
        self._asked: dict[Attempt, _Asked] = {}
        self._unwished: set[Attempt] = set()
        self._health = Health("watcher", settings.interval, settings.slow_after)
        self._cursor = 0.0
        self._wished_at = 0.0
        self._gaps = Gaps(settings.interval)
        self._accounting_told = ""
        self._check_told = ""
        self._loaded = False
        self._stopping = False
        self._bell: Bell | None = None

    @property
    def known(self) -> Mapping[Attempt, KnownJob]:
        """What is remembered of jobs now."""
        return self._known

    async def run(self) -> None:
        """Watch until ``stop``."""
        # A mail, a job just submitted or a hint wakes it.
        self._bell = bell = self._store.bell(Topic.WAITING, Topic.SUBMISSIONS, Topic.JOBS)
        await look_on(
            self.tick,
            bell,
            health=self._health,
            standing=self._standing,
            counted=TICKS,
            min_interval=self._settings.min_interval,
            stopping=lambda: self._stopping,
        )

    def stop(self) -> None:
        """Ask ``run`` to end after the tick under way."""
        self._stopping = True
        if self._bell is not None:
            self._bell.ring()

    async def tick(self) -> Changes:
        """Look once; return what changed.

        Raises SlurmError or StoreError; what it had found out by then is kept, the rest is found at the next look.
        """
        if not self._loaded:
            await self._load()
        begun = time.monotonic()
        try:
            queue = await self._slurm.queue()
        except SlurmError:
            self._gaps.unanswered()
            raise
        self._health.seconds = time.monotonic() - begun
        now = time.time()
        self._gaps.look(now)
        await self._check(now)
        changes = compare(self._known, queue, now)
        await self._write(changes, now)
        self._gaps.seen(now)
        self._prune(queue)
        JOBS.set(len(queue))
        SEEN_AT.set(now)
        await self._learn_wishes(now)
        await self._catch_up(now, queue)
        await self._resolve_left([attempt for attempt in changes.left if self._is_open(attempt)], now)
        if self._audit.due(now):
            await self._store.write(lambda c: self._audit.look(c, now))
        TICK_SECONDS.observe(time.monotonic() - begun)
        return changes

    async def _load(self) -> None:
        """Take up where the last watcher stopped."""
        self._cluster = await self._slurm.cluster_name()
        await self._store.write(lambda c: jobs.name(c, self._cluster))
        stored = await self._store.read(lambda c: jobs.open_jobs(c, self._cluster))
        self._known = {item.attempt: known_job(item) for item in stored}
        self._unwished = {item.attempt for item in stored if item.mail_types is None}
        self._gaps.begin(await self._store.read(lambda c: cursors.read(c, self._settings.cursor)))
        await self._store.write(lambda c: self._audit.begin(c, time.time()))
        self._loaded = True

    async def _check(self, now: float) -> None:
        """Find out now and then whether slurmctld was started anew: it may have forgotten what nobody saw yet."""
        if not self._gaps.to_check(now):
            return
        try:
            started = await self._slurm.controller_started()
        except SlurmError as error:
            self._not_checked(error)
            started = None
        self._gaps.checked(now, started)

    async def _catch_up(self, now: float, queue: Sequence[QueuedJob]) -> None:
        """Tell of jobs that came and went unseen, whether we were down, or Slurm was, or slurmctld forgot them.

        What is in the queue is left to it: a slurmctld that forgot an end runs the job again.
        """
        behind = self._gaps.since
        if behind is None or not self._gaps.due(now):
            return
        since = max(behind - _MARGIN, now - self._settings.days * 86400)
        backlog = await self._backlog()  # before accounting is asked: what is told by then is in its answer
        figures = await self._accounting(self._slurm.accounting_between(since, now))
        if figures is None:
            self._gaps.postpone(now + _AGAIN)
            return
        told = await self._store.read(lambda c: jobs.closed_among(c, [figure.attempt for figure in figures]))
        told |= {job.attempt for job in queue}
        missed = catch_up(self._known, [figure for figure in figures if figure.attempt not in told])
        _log.info(
            "watcher.caught_up", since=since, seconds=round(now - since), events=len(missed.events), backlog=backlog
        )
        await self._write(missed, now)
        self._gaps.answered(now, backlog)
        if self._gaps.since is None:
            self._cursor = 0.0
            await self._write(Changes(), now)

    async def _backlog(self) -> int:
        try:
            return await self._slurm.accounting_backlog()
        except SlurmError as error:
            self._not_checked(error)
            return 0

    def _not_checked(self, error: SlurmError) -> None:
        if error.message != self._check_told:
            _log.warning("watcher.not_checked", error=error.message)
        self._check_told = error.message

    async def _accounting(self, asked: Awaitable[list[Figures]]) -> list[Figures] | None:
        """Return what accounting answers, or None: without it, the queue is watched all the same."""
        try:
            figures = await asked
        except SlurmError as error:
            if error.message != self._accounting_told:
                _log.warning("watcher.accounting_failed", error=error.message)
            self._accounting_told = error.message
            return None
        self._accounting_told = ""
        return figures

    def _is_open(self, attempt: Attempt) -> bool:
        known = self._known.get(attempt)
        return known is not None and known.open

    async def _write(self, changes: Changes, now: float) -> None:
        """Write events, what is remembered, and how far we have seen, in one transaction."""
        stale = now - self._cursor >= _CURSOR_EVERY
        if not (changes.events or changes.jobs or stale):
            return

        def work(connection: Connection) -> None:
            self._events.append(connection, list(changes.events.values()))
            jobs.keep(connection, [stored_job(job) for job in changes.jobs.values()], now)
            cursors.advance(connection, self._settings.cursor, now if self._gaps.since is None else self._gaps.since)

        await self._store.write(work)
        self._cursor = now
        self._known.update(changes.jobs)
        self._unwished.update(changes.new)

    def _prune(self, queue: Sequence[QueuedJob]) -> None:
        """Forget jobs that are over and have left the queue."""
        present = {job.attempt for job in queue}
        gone = [attempt for attempt, job in self._known.items() if not job.open and attempt not in present]
        for attempt in gone:
            del self._known[attempt]
            self._asked.pop(attempt, None)

    async def _learn_wishes(self, now: float) -> None:
        """Learn which mails the owners of new jobs asked for: one call for all of them, now and then.

        It is the dearest thing to ask slurmctld, and not urgent: a job stays there for MinJobAge after its end.
        """
        grace = self._settings.grace
        if grace is None or not self._unwished or now - self._wished_at < min(_WISHES_EVERY, grace / 4):
            return
        wishes = await self._slurm.mail_wishes()
        self._wished_at = now
        learned = {
            attempt: (wishes[attempt.job_id].types, wishes[attempt.job_id].receivers)
            for attempt in self._unwished
            if attempt.job_id in wishes
        }
        if learned:
            await self._store.write(lambda c: jobs.keep_mail(c, learned))
        self._unwished.clear()  # slurmctld knows nothing of the others any more

    async def _resolve_left(self, left: Sequence[Attempt], now: float) -> None:
        """Ask accounting, once for all, what became of jobs that left the queue; again later if it does not know."""
        for attempt in left:
            self._asked.setdefault(attempt, _Asked(now, now))
        due = [attempt for attempt in left if self._asked[attempt].next <= now]
        if not due:
            return
        since = min(attempt.submitted for attempt in due)
        figures = await self._accounting(self._slurm.accounting(sorted({attempt.job_id for attempt in due}), since))
        if figures is None:
            for attempt in due:
                self._asked[attempt] = _Asked(now, now + _AGAIN)  # patience is for what accounting answers
            return
        told = [figure for figure in figures if figure.ended is not None or not self._may_be_dated(figure, now)]
        changes = resolve(self._known, due, told)
        for attempt in due:
            asked = self._asked[attempt]
            asked.next = now + max(2.0, min(300.0, now - asked.first))
            if attempt not in changes.jobs and now - asked.first > _FORGET:
                _log.warning("watcher.job_vanished", job=attempt.key)
                changes.jobs[attempt] = replace(self._known[attempt], open=False)
        await self._write(changes, now)

    def _may_be_dated(self, figure: Figures, now: float) -> bool:
        """Whether accounting may still say when an attempt ended: after an outage of slurmdbd it does so late."""
        asked = self._asked.get(figure.attempt)
        return figure.state.terminal and asked is not None and now - asked.first < _UNDATED
