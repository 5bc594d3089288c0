"""The engine of builds: follows the journal, works on requests, takes each job from step to step, writes comments.

Exactly one runs on a store (``service/roles.py``). All it knows is in the store: it may be killed at any time, and goes
on where it was. One thing at a time is done about each request, run, job and comment; many of them at a time.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Counts
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import Connection, func, select

from headgate.builds.closing import Closing
from headgate.builds.collecting import Collector
from headgate.builds.commands import Commands
from headgate.builds.comments import Outbox
from headgate.builds.deploying import Deploying
from headgate.builds.following import follow
from headgate.builds.preparing import Preparer
from headgate.builds.requests import Requests
from headgate.builds.submitting import Submitter
from headgate.builds.waiting import Waiting
from headgate.builds.workshop import Workshop
from headgate.errors import StoreError
from headgate.model.build import BuildJob, BuildRequest, BuildRow, JobPhase
from headgate.rules.reading import JournalReader
from headgate.rules.under_way import UnderWay
from headgate.store import build_rows, builds, cursors
from headgate.store.signals import Topic
from headgate.store.tables import events
from headgate.telemetry.context import about
from headgate.telemetry.spans import span

_log = structlog.get_logger(__name__)
_Due = tuple[list[BuildRequest], list[BuildJob], list[tuple[BuildJob, list[BuildRow]]]]
CURSOR: Final = "builds"
_BATCH: Final = 200
_PAUSE: Final = 1.0
_DAY: Final = 86400.0
_LEFT_ALONE: Final = 300.0
"""Seconds for which something is left alone that met a defect of ours."""

JOBS = Gauge("headgate_build_jobs", "Jobs of builds that are not over, by phase, on the host that builds.", ["phase"])
DEFECTS = Counter("headgate_builds_defects", "Things about builds that met a defect and are tried again later.")


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the engine works. Times in seconds.

    ``lost_after``: when a submission that Slurm knows nothing of did not happen. ``figures_wait``: how long accounting
    may still complete its figures of a job. ``concurrency``: requests at a time; of jobs there are four times as many.
    """

    poll: float = 1.0
    concurrency: int = 4
    lost_after: float = 180.0
    figures_wait: float = 30.0


class BuildEngine:
    """Runs builds until it is stopped."""

    def __init__(self, workshop: Workshop, settings: EngineSettings) -> None:
        self._shop = workshop
        self._settings = settings
        self._deploying = Deploying(workshop)
        self._closing = Closing(workshop)
        self._requests = Requests(workshop, Commands(workshop, self._deploying), self._closing)
        self._preparer = Preparer(workshop)
        self._submitter = Submitter(workshop, lost_after=settings.lost_after)
        self._collector = Collector(workshop, figures_wait=settings.figures_wait)
        self._outbox = Outbox(workshop)
        self._waiting = Waiting(workshop)
        self._reader = JournalReader(workshop.store, workshop.clock, CURSOR)
        self._under_way: UnderWay[str] = UnderWay()
        self._left_alone: dict[str, float] = {}
        self._stopping = asyncio.Event()
        self._begun = False

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stopping.set()
        self._shop.store.signals.ring(Topic.BUILDS)

    async def run(self) -> None:
        """Follow the journal and do what there is to do until ``stop``."""
        bell = self._shop.store.bell(Topic.EVENTS, Topic.BUILDS)
        try:
            while not self._stopping.is_set():
                try:
                    more = await self.turn()
                except StoreError as error:
                    _log.error("builds.store", error=error.message)
                    await asyncio.sleep(_PAUSE)
                    continue
                if not more:
                    await bell.wait(self._settings.poll)
        finally:
            JOBS.clear()  # another host may go on
            await self._under_way.end()

    async def turn(self) -> bool:
        """Follow the journal, and begin what is due; say whether there may be more events. Raises StoreError."""
        if not self._begun:
            await self._shop.store.write(_begin)
            self._begun = True
        more = await self.follow()
        await self.advance()
        self._under_way.forget_ended()
        return more

    async def rest(self) -> None:
        """Wait until everything that has begun is over."""
        await self._under_way.rest()

    async def follow(self) -> bool:
        """Follow the events that are new; say whether there may be more. Raises StoreError."""
        shop = self._shop
        batch = await self._reader.next(_BATCH)
        if not batch.events:
            return False

        def work(connection: Connection) -> list[int]:
            made = follow(connection, batch.events, shop.forges, shop.settings.texts, shop.clock())
            batch.keep(connection)
            return made

        await shop.store.write(work)
        self._reader.done(batch)
        return batch.more

    async def advance(self) -> None:
        """Begin whatever is due and not under way. Raises StoreError."""
        shop, now = self._shop, self._shop.clock()
        requests, jobs, owed = await shop.store.read(lambda c: _read(c, now, states=shop.settings.commit_states))
        _count(jobs)
        room = self._settings.concurrency - sum(key.startswith("request") for key in self._under_way)
        for request in requests:
            if room <= 0:
                break
            room -= self._start(f"request {request.id}", partial(self._requests.work, request), request=request.id)
        due = [job for job in jobs if job.not_before <= now]
        self._start_runs(due)
        for job in due:
            self._start_job(job)
        ended = [job for job in due if job.phase is JobPhase.ENDED and "figures" not in job.outcome]
        if ended:
            self._start("figures", partial(self._collector.figures, ended))
        for job, rows in owed:
            if job.told_not_before <= now:
                self._start(f"comment {job.id}", partial(self._outbox.tell, job, rows), run=job.run_id, build=job.id)
        if self._closing.due(now):
            self._start("trash", self._closing.empty)
        if self._waiting.due(now):
            self._start("waiting", partial(self._waiting.look, jobs))

    def _start_runs(self, due: list[BuildJob]) -> None:
        """Begin the runs of which jobs have to be prepared."""
        planned: dict[int, list[BuildJob]] = {}
        for job in due:
            if job.phase is JobPhase.PLANNED and not job.cancelled_by:
                planned.setdefault(job.run_id, []).append(job)
        room = self._settings.concurrency - sum(key.startswith("run") for key in self._under_way)
        for run_id, jobs in planned.items():
            if room <= 0:
                return
            room -= self._start(f"run {run_id}", partial(self._prepare, run_id, jobs), run=run_id)

    def _start_job(self, job: BuildJob) -> None:
        """Begin the next step of a job, if it has one now."""
        key = f"job {job.id}"
        start = partial(self._start, key, run=job.run_id, build=job.id)
        if sum(one.startswith("job") for one in self._under_way) >= 4 * self._settings.concurrency:
            return
        if job.cancelled_by and job.phase not in (JobPhase.SUBMITTING, JobPhase.ENDED) and job.ended_at is None:
            if f"run {job.run_id}" not in self._under_way and (
                job.phase is not JobPhase.HELD or job.comment_id is not None
            ):
                start(partial(self._cancel, job))
            return
        match job.phase:
            case JobPhase.READY:
                start(partial(self._submit, job))
            case JobPhase.SUBMITTING:
                start(partial(self._submitter.find, job))
            case JobPhase.HELD if job.comment_id is not None:
                start(partial(self._submitter.release, job))
            case JobPhase.ENDED if "figures" in job.outcome:
                start(partial(self._collector.collect, job))

    async def _cancel(self, job: BuildJob) -> None:
        """End a job; one that is held is released first as far as we are concerned, so that its end is followed."""
        if job.phase is JobPhase.HELD:
            await self._submitter.release(job)
            found = await self._shop.store.read(lambda c: builds.get_job(c, job.id))
            if found is None or found.phase is JobPhase.HELD:
                return
            job = found
        await self._submitter.cancel(job)

    async def _prepare(self, run_id: int, jobs: list[BuildJob]) -> None:
        run = await self._shop.store.read(lambda c: builds.get_run(c, run_id))
        if run is not None:
            await self._preparer.prepare(run, jobs)

    async def _submit(self, job: BuildJob) -> None:
        run = await self._shop.store.read(lambda c: builds.get_run(c, job.run_id))
        if run is not None:
            await self._submitter.submit(run, job)

    def _start(
        self,
        key: str,
        work: Callable[[], Coroutine[None, None, None]],
        *,
        request: int | None = None,
        run: int | None = None,
        build: int | None = None,
    ) -> int:
        """Begin something, if it is not under way; return how much was begun. The numbers: what it is for."""
        if key in self._under_way or self._left_alone.get(key, 0.0) > self._shop.clock():
            return 0
        task = asyncio.create_task(
            self._done(key, partial(self._traced, key, work, request, run, build)), name=f"builds {key}"
        )
        self._under_way.add(key, task)
        task.add_done_callback(lambda _: self._shop.store.signals.ring(Topic.BUILDS))
        return 1

    async def _traced(
        self,
        key: str,
        work: Callable[[], Coroutine[None, None, None]],
        request: int | None,
        run: int | None,
        build: int | None,
    ) -> None:
        """Do one thing, under the trace of the event that asked for it. Raises StoreError."""
        trace = await self._shop.store.read(lambda c: builds.trace_of(c, request=request, run=run))
        with about(trace, request=request, run=run, build=build), span(f"builds {key.partition(' ')[0]}"):
            await work()

    async def _done(self, key: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Do one thing; a store that fails is met again by the next look."""
        try:
            await work()
        except StoreError as error:
            _log.error("builds.store", error=error.message)
            await asyncio.sleep(_PAUSE)
        except Exception:  # noqa: BLE001 - the edge of a supervised task
            # What one pull request brings about must not end the builds of all others, nor be tried without a pause.
            _log.exception("builds.defect", what=key, again_seconds=_LEFT_ALONE)
            DEFECTS.inc()
            self._left_alone[key] = self._shop.clock() + _LEFT_ALONE


def _count(jobs: list[BuildJob]) -> None:
    counts = Counts(job.phase for job in jobs)
    for phase in JobPhase:
        if not phase.over:
            JOBS.labels(phase.value).set(counts[phase])


def _begin(connection: Connection) -> None:
    """Begin to read at the first event of a pull request there is: there are none from before builds were set up.

    What another process was submitting when it ended is searched for at once.
    """
    builds.search_at_once(connection)
    first = connection.execute(select(func.min(events.c.id)).where(events.c.kind.startswith("pull_request."))).scalar()
    newest = connection.execute(select(func.max(events.c.id))).scalar()
    cursors.set_once(connection, CURSOR, float((first - 1) if first else (newest or 0)))


def _read(connection: Connection, now: float, *, states: bool) -> _Due:
    """Read what there is to do: requests that are due, jobs that are not over, and rows that are owed."""
    requests = builds.due_requests(connection, now, _BATCH)
    jobs = builds.open_jobs(connection)
    known = {job.id: job for job in jobs}
    owed: list[tuple[BuildJob, list[BuildRow]]] = []
    for number, rows in build_rows.owed(connection).items():
        job = known.get(number) or builds.get_job(connection, number)
        if job is not None:
            owed.append((job, rows))
    if states:
        told = {job.id for job, _ in owed}
        owed += [(job, []) for job in builds.unshown(connection, now - _DAY) if job.id not in told]
    return requests, jobs, owed
