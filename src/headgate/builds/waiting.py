"""Why a job waits: told when it has waited for a set time, from what the watcher knows anyway."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import Connection

from headgate.builds.texts import reason, rows
from headgate.builds.workshop import Workshop
from headgate.model.build import BuildJob, JobPhase
from headgate.model.durations import show_duration
from headgate.model.states import JobState
from headgate.store import build_rows, builds, jobs

_EVERY: Final = 30.0
_MOST: Final = 6
"""Reasons told of one job."""


class Waiting:
    """Tells of jobs that wait."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop
        self._next = 0.0

    def due(self, now: float) -> bool:
        """Say whether it is time to look again."""
        after = self._shop.settings.jobs.pending_after
        return after > 0 and now >= self._next

    async def look(self, open_jobs: Sequence[BuildJob]) -> None:
        """Owe a row for each job that waits long, and again when the reason is another. Raises StoreError."""
        now, after = self._shop.clock(), self._shop.settings.jobs.pending_after
        self._next = now + min(_EVERY, after / 2)
        waiting = [
            job
            for job in open_jobs
            if job.phase is JobPhase.QUEUED and job.job_id is not None and now - (job.requested_at or now) >= after
        ]
        ids = [(job.cluster, job.job_id or 0) for job in waiting]
        if not ids:
            return
        known = await self._shop.store.read(lambda c: jobs.known_of(c, ids))
        for job in waiting:
            found = known.get((job.cluster, job.job_id or 0))
            if found is None or not found.open or found.data.get("state") != JobState.PENDING.text:
                continue
            word = str(found.data.get("reason") or "")
            if word and word != job.pending_told:
                await self._shop.store.write(partial(_tell, job=job, word=word, now=now))


def _tell(connection: Connection, job: BuildJob, word: str, now: float) -> None:
    told = sum(row.key.startswith("pending ") for row in build_rows.of_job(connection, job.id))
    if told >= _MOST:
        return
    waited = show_duration(int(now - (job.requested_at or now)))
    row = rows.pending(now, job.job_id or 0, waited, reason(word))
    build_rows.add(connection, job.id, f"pending {told}", row)
    builds.note_job(connection, job.id, {"pending_told": word})
