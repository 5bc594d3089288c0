"""Settling what was left open: starts whose answer was lost, arrays, and the figures of jobs that are over.

One of these runs for a store. Each look asks Slurm once for everything of a kind, and nothing when there is nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final, cast

import structlog
from sqlalchemy import Connection

from headgate.errors import SlurmError, StoreError
from headgate.gateway.following import SKEW, Follower
from headgate.gateway.ways import Way
from headgate.model.event import JSON
from headgate.model.job import Figures
from headgate.model.states import JobState, read_state
from headgate.model.submission import FORGOTTEN, LOST, Phase, Submission
from headgate.store import app_events, audit, jobs, submissions
from headgate.store.jobs import StoredJob
from headgate.store.signals import Bell, Topic
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
_GIVEN_UP: Final = 180.0
"""Seconds after which a start that Slurm knows nothing of did not happen: longer than sbatch is let run."""
_FIGURES_WAIT: Final = 60.0
"""Seconds for which accounting may still complete its figures of a job."""
_FORGOTTEN: Final = 600.0
"""Seconds that a job was not open for when its end will not be told: a requeued one is seen again by then."""
_TOGETHER: Final = 0.5
"""Seconds that are waited after the first news: what is told together is settled together."""
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class SettlingSettings:
    """Times in seconds. ``after``: when a start without an answer is looked for. ``every``: between two looks."""

    after: float = 30.0
    every: float = 5.0


class Settler:
    """Looks after submissions."""

    def __init__(self, store: Store, ways: Mapping[str, Way], follower: Follower, settings: SettlingSettings) -> None:
        self._store = store
        self._ways = ways
        self._follower = follower
        self._settings = settings
        self._stopping = False
        self._bell: Bell | None = None
        self._told = ""
        self._forgotten_next = 0.0

    async def run(self) -> None:
        """Look until ``stop``."""
        self._bell = bell = self._store.bell(Topic.EVENTS)
        while not self._stopping:
            try:
                await self.look(self._store.clock.now())
            except (SlurmError, StoreError) as error:
                if error.message != self._told:
                    _log.warning("gateway.not_settled", error=error.message)
                self._told = error.message
            else:
                self._told = ""
            await bell.wait(self._settings.every)
            together = time.monotonic() + _TOGETHER
            while not self._stopping and (left := together - time.monotonic()) > 0:
                await bell.wait(left)

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stopping = True
        if self._bell is not None:
            self._bell.ring()

    async def look(self, now: float) -> None:
        """Settle what can be settled now. Raises SlurmError and StoreError; what was found out by then is kept."""
        await self._end_arrays(now)
        await self._find_lost(now)
        await self._end_forgotten(now)
        await self._fetch_figures(now)

    async def _find_lost(self, now: float) -> None:
        before = now - self._settings.after
        for begun in await self._store.read(lambda connection: submissions.submitting(connection, before)):
            way = self._ways.get(begun.cluster)
            if way is None or begun.requested_at is None:
                continue
            found = await self.find(way, begun)
            if found is not None:
                await self._store.write(partial(self._found, begun=begun, job_id=found))
                _log.info("gateway.found", submission=begun.id, job=found)
            elif now - begun.requested_at > _GIVEN_UP:
                await self._store.write(partial(submissions.refused, submission=begun, problem=LOST, now=now))
                _log.warning("gateway.not_submitted", submission=begun.id)

    def _found(self, connection: Connection, begun: Submission, job_id: int) -> None:
        """Keep the job of a start whose answer was lost, or was not kept, and say so where all starts are written."""
        self._follower.joined(connection, begun, job_id)
        detail = f"Slurm job {job_id}, found in Slurm"
        subject = f"submission {begun.id}"
        audit.record(
            connection,
            user=begun.user,
            via="gateway",
            action="start job",
            subject=subject,
            outcome="done",
            detail=detail,
        )

    async def find(self, way: Way, begun: Submission) -> int | None:
        """Search Slurm for the job of a start whose answer was lost: by its directory, which no other job has."""
        own = begun.request.get("script_files")
        elsewhere = own.get("chdir") if isinstance(own, dict) else None
        directory = str(elsewhere) if isinstance(elsewhere, str) and elsewhere.startswith("/") else begun.directory
        since = (begun.requested_at or 0.0) - SKEW
        candidates = [int(job) for job, _ in await way.find(begun.user, directory, since) if job.isdigit()]
        known = await self._store.read(lambda c: submissions.of_jobs(c, begun.cluster, candidates))
        taken = {*begun.earlier_jobs, *(one.job_id for one in known)}
        left = [job for job in candidates if job not in taken]
        if directory != begun.directory and len(left) != 1:
            return None  # others work there, too
        return left[0] if left else None

    async def _end_arrays(self, now: float) -> None:
        for own in await self._store.read(submissions.active_arrays):
            since = (own.requested_at or 0.0) - SKEW
            number = own.job_id
            if number is None or not own.array:
                continue
            tasks = await self._store.read(partial(jobs.of_array, cluster=own.cluster, array_id=number, since=since))
            values = array_values(tasks, now)
            if values and values.get("state") != own.state:
                await self._store.write(partial(submissions.follow, submission=own, values=values))

    async def _end_forgotten(self, now: float) -> None:
        """End what waits for the end of a job that Slurm has forgotten: else it counts as one that runs, for ever."""
        if now < self._forgotten_next:
            return
        self._forgotten_next = now + _FORGOTTEN / 10
        for own in await self._store.read(lambda connection: submissions.forgotten(connection, now - _FORGOTTEN)):
            if await self._store.write(partial(self._forgotten, own=own, now=now)):
                _log.warning("gateway.forgotten", submission=own.id, job=own.job_id)

    def _forgotten(self, connection: Connection, own: Submission, now: float) -> bool:
        """End a submission as the journal says, which may know more by now; say whether it does not, and gave it up."""
        app_events.take_turn(connection)
        if self._follower.made_good(connection, own).phase is not Phase.ACTIVE:
            return False
        values = {"phase": Phase.ENDED.value, "state": None, "problem": FORGOTTEN, "ended_at": now}
        submissions.follow(connection, own, values)
        return True

    async def _fetch_figures(self, now: float) -> None:
        """Ask accounting, once for each cluster, what jobs that are over used, so that it can be told for ever."""
        over = await self._store.read(lambda connection: submissions.without_figures(connection, _BATCH))
        for name, way in self._ways.items():
            asked = [one for one in over if one.cluster == name]
            if not asked:
                continue
            since = min(one.requested_at or now for one in asked) - SKEW
            figures = await way.account(sorted({one.job_id for one in asked if one.job_id is not None}), since)
            await self._store.write(partial(_keep_figures, asked=asked, figures=figures, now=now))


def _keep_figures(connection: Connection, asked: Sequence[Submission], figures: Sequence[Figures], now: float) -> None:
    by_job: dict[int, list[Figures]] = {}
    for one in figures:
        by_job.setdefault(one.array.array_id if one.array else one.attempt.job_id, []).append(one)
    for own in asked:
        mine = [one for one in by_job.get(own.job_id or 0, ()) if one.user in ("", own.user) and not one.requeued]
        late = now - (own.ended_at or now) > _FIGURES_WAIT
        if (mine and all(one.complete for one in mine)) or late:
            submissions.follow(connection, own, {"figures": shown_figures(mine)})


def shown_figures(figures: Sequence[Figures]) -> dict[str, JSON]:
    """Return what is kept of accounting: of a job all, of an array the sums and the states of its tasks."""
    if not figures:
        return {}
    last = max(figures, key=lambda one: one.attempt.submitted)
    if last.array is None:
        shown = asdict(last)
        for name in ("attempt", "array", "het", "requeued", "complete", "comment"):
            del shown[name]
        shown["state"] = last.state.text
        return cast("dict[str, JSON]", shown)
    used = [one.cpu_used for one in figures if one.cpu_used is not None]
    memory = [one.memory_used for one in figures if one.memory_used is not None]
    return {
        "tasks": len(figures),
        "states": dict(_counted([one.state.text for one in figures])),
        "elapsed": sum(one.elapsed for one in figures),
        "cpu_used": sum(used) if used else None,
        "memory_used": max(memory) if memory else None,
        "failed": list[JSON](one.label for one in figures if one.state.failed)[:1000],
    }


def array_values(tasks: Sequence[StoredJob], now: float) -> dict[str, object]:
    """Return what the tasks of an array make of its submission; nothing while none is known."""
    states = [state for one in tasks if (state := _state(one)) is not None]
    if not states:
        return {}
    if any(one.open for one in tasks):
        running = any(one.open and (state := _state(one)) is not None and state.active for one in tasks)
        return {"state": (JobState.RUNNING if running else JobState.PENDING).text}
    worst = next((state for state in states if state.failed), None)
    cancelled = JobState.CANCELLED if JobState.CANCELLED in states else None
    state = worst or cancelled or JobState.COMPLETED
    outcome: dict[str, JSON] = {"state": state.text, "tasks": dict(_counted([one.text for one in states]))}
    return {"phase": Phase.ENDED.value, "state": state.text, "outcome": outcome, "ended_at": now}


def _state(job: StoredJob) -> JobState | None:
    reading = read_state(str(job.data.get("state", "")))
    return None if reading is None else reading.state


def _counted(words: Sequence[str]) -> Mapping[str, JSON]:
    return {word: words.count(word) for word in sorted(set(words))}
