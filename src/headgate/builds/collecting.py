"""What a job that is over leaves behind: its two result files, its log if it failed, and what accounting says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection

from headgate.builds.backoff import later
from headgate.builds.following import SKEW
from headgate.builds.jobs import log, results
from headgate.builds.jobs.results import Report
from headgate.builds.outcome import after_words, facts_of_figures
from headgate.builds.texts import rows
from headgate.builds.workshop import Workshop
from headgate.errors import SlurmError
from headgate.executor.interface import Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.model.build import BuildJob, BuildResult, JobPhase
from headgate.model.event import JSON
from headgate.model.states import JobState
from headgate.store import build_rows, builds
from headgate.store.store import once_kept

_log = structlog.get_logger(__name__)
ENDED = Counter("headgate_build_jobs_ended", "Jobs of builds whose results are known, by result.", ["result"])
_FILES_WAIT: Final = 15.0
"""Seconds for which a job that ended well may still have no result file: a shared file system may be behind."""
_FILES_AGAIN: Final = 2.0


class Collector:
    """Takes jobs from ENDED to DONE."""

    def __init__(self, workshop: Workshop, *, figures_wait: float = 30.0) -> None:
        """``figures_wait``: seconds after a job's end for which accounting may still complete its figures."""
        self._shop = workshop
        self._figures_wait = figures_wait

    async def figures(self, ended: Sequence[BuildJob]) -> None:
        """Ask accounting once for all jobs of a cluster that are over, while it may say more. Raises StoreError."""
        by_cluster: dict[str, list[BuildJob]] = {}
        for job in ended:
            if "figures" not in job.outcome and job.job_id is not None:
                by_cluster.setdefault(job.cluster, []).append(job)
        for asked in by_cluster.values():
            await self._figures(asked)

    async def _figures(self, asked: Sequence[BuildJob]) -> None:
        now = self._shop.clock()
        since = min(job.requested_at or now for job in asked) - SKEW
        found: dict[int, dict[str, JSON]] = {}
        try:
            cluster = self._shop.cluster_of(asked[0])
            for one in await cluster.account(sorted({job.job_id or 0 for job in asked}), since):
                if one.user in ("", cluster.user) and not one.requeued and one.complete:
                    found[one.attempt.job_id] = facts_of_figures(one)
        except (SlurmError, RefusedError) as error:
            _log.warning("build.no_figures", error=error.message)
        for job in asked:
            waited = now - max(job.ended_at or now, 0.0) > self._figures_wait
            facts = found.get(job.job_id or 0)
            values: dict[str, object] = {"not_before": now + _FILES_AGAIN}
            if facts is not None or waited:
                values = {"outcome": {**job.outcome, "figures": facts or {}}, "not_before": 0.0}
            await self._shop.store.write(partial(_change, job=job, values=values))

    async def collect(self, job: BuildJob) -> None:
        """Read what a job left, and owe the rows that tell of it. Raises StoreError."""
        now = self._shop.clock()
        try:
            result = await self._report(job, "result")
            test = await self._report(job, "test")
            missing = result is None or test is None
            if missing and _ended_well(job) and now - max(job.ended_at or now, 0.0) < _FILES_WAIT:
                await self._shop.store.write(partial(_change, job=job, values={"not_before": now + _FILES_AGAIN}))
                return
            excerpt = None if result is not None and _ended_well(job) and _good(result) else await self._excerpt(job)
        except ExecutorError as error:
            _log.warning("build.not_read", job=job.id, error=error.message)
            values = {"not_before": now + later(job.attempts), "attempts": job.attempts + 1, "problem": error.message}
            await self._shop.store.write(partial(_change, job=job, values=values))
            return
        more = after_words(job, result, excerpt)
        await self._shop.store.write(partial(self._done, job=job, result=result, test=test, more=more))
        _log.info("build.collected", job=job.id)

    def _done(
        self, connection: Connection, job: BuildJob, result: Report | None, test: Report | None, more: str
    ) -> None:
        now, own, number = self._shop.clock(), self._shop.settings, job.job_id or 0
        told: dict[str, JSON] = {
            "status": _status(job, result),
            "test": None if test is None else test.status.value,
            "artefacts": list[JSON](result.artefacts if result else ()),
        }
        values = {"phase": JobPhase.DONE, "result": told, "finished_at": now, "attempts": 0, "problem": ""}
        if not builds.change_job(connection, job, values):
            return
        status = "CANCELLED" if job.state == JobState.CANCELLED.text else str(told["status"])
        once_kept(connection, ENDED.labels(status.lower()).inc)
        if job.state == JobState.CANCELLED.text:
            row = rows.cancelled(now, number)
            told_why = "" if job.cancelled_by else more
            build_rows.add(connection, job.id, "finished", replace(row, comment=row.comment + told_why))
            return
        description = None if result is None else result.description
        build_rows.add(connection, job.id, "finished", rows.finished(own.texts, now, number, description, more=more))
        tested = None if test is None else test.description
        build_rows.add(connection, job.id, "test", rows.tested(own.texts, now, number, tested))

    async def _report(self, job: BuildJob, name: str) -> Report | None:
        """Read one of the two files; None if there is none, or it is none that may be read. Raises ExecutorError."""
        place = Place(job.root, f"{job.path}/_bot_job{job.job_id}.{name}")
        try:
            data = await self._shop.files.read(place, results.MAX_BYTES)
        except RefusedError as error:
            if error.transient:
                raise ExecutorError(error.message) from error
            _log.info("build.file_refused", job=job.id, file=name, error=error.message)
            return None
        return None if data is None else results.parse(data, name.upper())

    async def _excerpt(self, job: BuildJob) -> log.Excerpt | None:
        """Read the end of the log. Raises ExecutorError."""
        lines = self._shop.settings.jobs.log_lines
        if not lines:
            return None
        try:
            found = await self._shop.files.end(Place(job.root, f"{job.path}/slurm-{job.job_id}.out"), log.MAX_BYTES)
        except RefusedError as error:
            if error.transient:
                raise ExecutorError(error.message) from error
            return None
        return None if found is None else log.excerpt(found[0], lines)


def _status(job: BuildJob, result: Report | None) -> str:
    """Return how a job's build counts: a job that Slurm ended did not succeed, whatever it wrote before."""
    if result is not None and (_ended_well(job) or result.status is not BuildResult.SUCCESS):
        return result.status.value
    return BuildResult.UNKNOWN.value if _ended_well(job) else BuildResult.FAILURE.value


def _ended_well(job: BuildJob) -> bool:
    return job.state == JobState.COMPLETED.text


def _good(result: Report) -> bool:
    return result.status is BuildResult.SUCCESS


def _change(connection: Connection, job: BuildJob, values: dict[str, object]) -> None:
    builds.change_job(connection, job, values)
