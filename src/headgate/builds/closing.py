"""What becomes of job directories when a pull request is closed: those of no job in use go to the trash bin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

import structlog
from sqlalchemy import Connection

from headgate.builds import texts
from headgate.builds.trash import ClosedPullRequest, JobDirectory, TrashBin, TrashError
from headgate.builds.workshop import Workshop
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.model.build import BuildJob, BuildRequest
from headgate.model.event import JSON
from headgate.store import audit, builds
from headgate.store.builds import JobFilter

_log = structlog.get_logger(__name__)
_MOST: Final = 2000
_DAY: Final = 86400.0


class Closing:
    """Cleans up after pull requests."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop
        self._next = 0.0

    async def clean_up(self, request: BuildRequest) -> str | None:
        """Move the job directories; return what is said about it, empty for nothing. Raises StoreError.

        None: some are in use still, or nobody could be asked; it is tried again. What is to be moved is written down
        before, and what is said about it after: wherever the process ends, it is moved once and told.
        """
        shop, bin_ = self._shop, self._bin()
        told = request.progress.get("moved")
        if isinstance(told, str):
            return told
        wanted = JobFilter(repository=request.repository, number=request.number)
        jobs = await shop.store.read(lambda c: builds.find_jobs(c, wanted, limit=_MOST))
        if bin_ is None or not jobs:
            return ""
        if any(not job.phase.over for job in jobs):
            return None
        try:
            return await self._move(bin_, request, jobs)
        except TrashError as error:
            _log.error("build.not_moved", request=request.id, error=error.message)
            return ""
        except ExecutorError as error:
            _log.warning("build.not_moved_yet", request=request.id, error=error.message)
            return None

    async def _move(self, bin_: TrashBin, request: BuildRequest, jobs: Sequence[BuildJob]) -> str:
        """Move what is in no job's use; return what is said about it. Raises TrashError, ExecutorError, StoreError."""
        shop = self._shop
        directories = tuple(dict.fromkeys(path for job in jobs if (path := _pull_of(job))))
        meant = request.progress.get("moving")
        if not isinstance(meant, list):
            meant = list[JSON](await bin_.there(directories))
            await shop.store.write(lambda c: builds.note_request(c, request.id, {"moving": meant}))
        closed = ClosedPullRequest(
            request.repository,
            request.number,
            directories,
            tuple(JobDirectory(str(job.job_id or ""), job.path, in_use=not job.phase.over) for job in jobs),
        )
        moved = await bin_.move(closed, dt.datetime.fromtimestamp(shop.clock(), dt.UTC).date())
        for path, why in moved.failed:
            _log.error("build.not_moved", request=request.id, path=path, error=why)
        there = await bin_.there([str(one) for one in meant])
        earlier = [str(one) for one in meant if one not in there and one not in moved.moved]
        gone = (*earlier, *moved.moved)
        told = texts.moved(shop.settings.texts, gone, str(bin_.path)) if gone else ""

        def keep(connection: Connection) -> None:
            builds.note_request(connection, request.id, {"moved": told})
            if gone:
                detail = f"moved {', '.join(gone)} to {bin_.path}"
                via = f"pull request {request.repository}#{request.number}"
                user, action = shop.cluster.user, "build clean up"
                audit.record(connection, user=user, via=via, action=action, outcome="done", detail=detail)

        await shop.store.write(keep)
        return told

    def due(self, now: float) -> bool:
        """Say whether it is time to look for what lies in the trash bin for too long."""
        return now >= self._next and self._bin() is not None and self._shop.settings.jobs.trash_days > 0

    async def empty(self) -> None:
        """Remove what was moved too long ago."""
        now, bin_ = self._shop.clock(), self._bin()
        self._next = now + _DAY / 4
        if bin_ is None:
            return
        today = dt.datetime.fromtimestamp(now, dt.UTC).date()
        try:
            removed = await bin_.remove_older(today, self._shop.settings.jobs.trash_days)
        except (TrashError, RefusedError, ExecutorError) as error:
            _log.warning("build.trash_not_emptied", error=error.message)
            return
        if removed:
            _log.info("build.trash_emptied", entries=removed)

    def _bin(self) -> TrashBin | None:
        own = self._shop.settings.jobs
        if own.trash is None or own.directory is None:
            return None
        return TrashBin(self._shop.cluster.files, self._shop.cluster.user, own.directory, own.trash)


def _pull_of(job: BuildJob) -> str:
    """Return the directory of a job's pull request."""
    parts = PurePosixPath(job.path).parts
    pull = f"pr_{job.number}"
    return "/".join(parts[: parts.index(pull) + 1]) if pull in parts else ""
