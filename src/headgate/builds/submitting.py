"""From a directory that is whole to a job that may start: sbatch, the comment, the metadata, the release.

That Slurm is asked is written down before, and what it said after. When the answer is lost, the job is searched for by
its directory, which no other job has; it is submitted again only when Slurm has had time to know it, and does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from headgate.builds.backoff import later
from headgate.builds.following import SKEW, joined
from headgate.builds.jobs.content import batch_script, metadata
from headgate.builds.jobs.options import options_of
from headgate.builds.jobs.place import own_script
from headgate.builds.texts import rows
from headgate.builds.workshop import Workshop
from headgate.errors import ConfigError, SlurmError
from headgate.executor.interface import Option, Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.model.build import BuildJob, BuildRun, JobPhase
from headgate.store import audit, build_rows, builds

_log = structlog.get_logger(__name__)
_OVER: Final = ("already completing or completed", "Invalid job id specified", "Job/step already completing")
"""What Slurm says of a job that is over."""
_DOUBT: Final = ("Socket timed out", "sbatch named no job")
"""What Slurm says when it may have taken a job all the same."""
_AWAY: Final = ("Unable to contact slurm controller", "Slurm temporarily unable to accept job", "Connection refused")
"""What Slurm says when it did not take a job, and may do so later."""
_LOOK: Final = 5.0
"""Seconds between two searches for a job whose number was lost."""
_CANCEL_AGAIN: Final = 30.0


class Submitter:
    """Takes jobs from READY to QUEUED, and ends those whose end was asked for."""

    def __init__(self, workshop: Workshop, *, lost_after: float = 180.0) -> None:
        """``lost_after``: seconds after which a submission that Slurm knows nothing of did not happen.

        It has to be longer than the executor lets sbatch run.
        """
        self._shop = workshop
        self._lost_after = lost_after

    async def submit(self, run: BuildRun, job: BuildJob) -> None:
        """Submit a job. Raises StoreError."""
        shop = self._shop
        try:
            options = self._options(run, job)
            script = batch_script(await own_script(shop.settings.jobs))
        except ConfigError as error:
            await self._refused(job, error.message)
            return
        except OSError as error:
            await self._again(job, f"the job script cannot be read: {error.strerror}")
            return
        begun = await shop.store.write(partial(self._begin, job=job))
        if begun is None:
            return
        environment = {
            **shop.environment,
            "HEADGATE_COMMIT": run.built_commit,
            "HEADGATE_BUNDLE": f"{job.root.rstrip('/')}/{run.path}/source.bundle",
            "HEADGATE_DIFFERENCE": f"{job.root.rstrip('/')}/{run.path}/{job.number}.diff",
            "HEADGATE_APPLY": "no" if shop.settings.jobs.pinned == "merge" else "yes",
        }
        try:
            cluster = shop.cluster_of(job)
            answer = await cluster.jobs.submit(
                job.user,
                Place(job.root, job.path),
                script,
                options=options,
                environment=environment,
                cluster=cluster.alias,
            )
        except RefusedError as error:
            if error.error in ("timeout", "internal") or _says(error, _DOUBT):
                return  # nobody knows: it is searched for
            if error.transient or _says(error, _AWAY):
                await self._again(begun, error.message)
            else:
                await self._refused(begun, error.message)
            return
        except ExecutorError as error:
            _log.warning("build.submit_in_doubt", job=job.id, error=error.message)
            return
        await shop.store.write(partial(self._submitted, job=begun, job_id=int(answer.job)), found_again=True)
        _log.info("build.submitted", job=job.id, slurm=int(answer.job))

    async def find(self, job: BuildJob) -> None:
        """Search Slurm for a job whose number was lost. Raises StoreError."""
        shop, now = self._shop, self._shop.clock()
        asked = job.requested_at or now
        try:
            found = await shop.cluster_of(job).find(job.user, job.directory, asked - SKEW)
        except (SlurmError, RefusedError) as error:
            _log.warning("build.not_found_yet", job=job.id, error=error.message)
            await self._change(job, {"not_before": now + _LOOK})
            return
        numbers = [int(number) for number, _ in found if number.isdigit()]
        if numbers:
            _log.info("build.found", job=job.id, slurm=numbers[0])
            await shop.store.write(partial(self._submitted, job=job, job_id=numbers[0]))
        elif now - asked > self._lost_after:
            _log.warning("build.submitted_again", job=job.id)
            await self._change(job, {"phase": JobPhase.READY, "not_before": now})
        else:
            await self._change(job, {"not_before": now + min(_LOOK, self._lost_after / 4)})

    async def release(self, job: BuildJob) -> None:
        """Write the metadata of a job that has its comment, and let it start. Raises StoreError."""
        shop = self._shop
        if job.comment_id is None or job.job_id is None:
            return
        place = Place(job.root, f"{job.path}/_bot_job{job.job_id}.metadata")
        delayed = shop.settings.jobs.handover == "delayed_begin"
        try:
            await shop.files.write(place, metadata(job, job.comment_id).encode())
            if not delayed and job.ended_at is None and not job.cancelled_by:
                cluster = shop.cluster_of(job)
                await cluster.jobs.release(job.user, str(job.job_id), cluster=cluster.alias)
        except RefusedError as error:
            if not _says(error, _OVER):
                await self._again(job, error.message)
                return
        except ExecutorError as error:
            await self._again(job, error.message)
            return
        await shop.store.write(partial(self._released, job=job, delayed=delayed))

    async def cancel(self, job: BuildJob) -> None:
        """End a job whose end was asked for. Raises StoreError."""
        shop, now = self._shop, self._shop.clock()
        if job.job_id is None:
            if job.phase in (JobPhase.PLANNED, JobPhase.READY):
                await self._refused(job, f"cancelled before it was submitted ({job.cancelled_by})")
            return
        outcome, detail = "done", f"Slurm job {job.job_id}, asked for by {job.cancelled_by}"
        try:
            cluster = shop.cluster_of(job)
            await cluster.jobs.cancel(job.user, str(job.job_id), cluster=cluster.alias)
        except RefusedError as error:
            if not _says(error, _OVER):
                outcome, detail = "refused", f"{detail}: {error.message}"
        except ExecutorError as error:
            await self._change(job, {"not_before": now + later(job.attempts), "attempts": job.attempts + 1})
            _log.warning("build.not_cancelled", job=job.id, error=error.message)
            return
        values = {"outcome": {**job.outcome, "cancel_asked": now}, "not_before": now + _CANCEL_AGAIN}

        def work(connection: Connection) -> None:
            builds.change_job(connection, job, values)
            _record(connection, job, "build cancel", outcome=outcome, detail=detail)

        await shop.store.write(work)

    def _options(self, run: BuildRun, job: BuildJob) -> dict[str, Option]:
        """Return the job's options for sbatch: the general ones, the target's, the command's. Raises ConfigError."""
        own = self._shop.settings.jobs
        target = self._shop.settings.targets.get(job.target)
        if target is None:
            raise ConfigError(f"there is no target {job.target} in the configuration any more")
        given = run.data.get("submit_arguments")
        asked = [str(one) for one in given] if isinstance(given, list) else []
        options = {**options_of(own.slurm_options), **options_of(target.slurm_options), **options_of(asked)}
        options.setdefault("time", own.time)
        options["job_name"] = own.name
        if own.handover == "hold_release":
            options["hold"] = True
        else:
            options["begin"] = f"now+{int(own.begin_delay)}"
        return options

    def _begin(self, connection: Connection, job: BuildJob) -> BuildJob | None:
        now = self._shop.clock()
        values = {"phase": JobPhase.SUBMITTING, "requested_at": now, "not_before": now + min(30.0, self._lost_after)}
        if not builds.change_job(connection, job, values):
            return None
        return builds.get_job(connection, job.id)

    def _submitted(self, connection: Connection, job: BuildJob, job_id: int) -> None:
        now, own = self._shop.clock(), self._shop.settings
        delay = int(own.jobs.begin_delay) if own.jobs.handover == "delayed_begin" else None
        build_rows.add(connection, job.id, "submitted", rows.submitted(own.texts, now, job_id, delay=delay))
        if joined(connection, job, job_id, own.texts, now) is not None:
            detail = f"Slurm job {job_id} of {job.user}, for {job.requester}, commit {job.commit}"
            _record(connection, job, "build submit", outcome="done", detail=detail)

    def _released(self, connection: Connection, job: BuildJob, *, delayed: bool) -> None:
        now, own = self._shop.clock(), self._shop.settings
        current = builds.get_job(connection, job.id)
        if current is None or current.phase is not JobPhase.HELD:
            return
        if current.ended_at is not None:
            phase = JobPhase.ENDED
        else:
            phase = JobPhase.RUNNING if current.state == "RUNNING" else JobPhase.QUEUED
        values = {"phase": phase, "not_before": 0.0, "attempts": 0, "problem": ""}
        if not builds.change_job(connection, current, values):
            return
        started = current.outcome.get("started")
        at = min(now, float(str(started["at"]))) if isinstance(started, dict) else now
        if delayed:
            eligible = (current.requested_at or now) + own.jobs.begin_delay
            build_rows.add(connection, job.id, "received", rows.received(own.texts, at, eligible))
        elif isinstance(started, dict) or (current.ended_at is None and not current.cancelled_by):
            build_rows.add(connection, job.id, "released", rows.released(own.texts, at))
        if isinstance(started, dict):
            row = rows.running(own.texts, at, current.job_id or 0)
            build_rows.add(connection, job.id, str(started["key"]), row)

    async def _refused(self, job: BuildJob, told: str) -> None:
        values = {"phase": JobPhase.REFUSED, "problem": told, "finished_at": self._shop.clock()}

        def work(connection: Connection) -> None:
            if builds.change_job(connection, job, values):
                _record(connection, job, "build submit", outcome="refused", detail=told)

        await self._shop.store.write(work)

    async def _again(self, job: BuildJob, told: str) -> None:
        """Try the same again after a while; a submission that was not taken is not one that was begun."""
        values: dict[str, object] = {
            "problem": told,
            "attempts": job.attempts + 1,
            "not_before": self._shop.clock() + later(job.attempts),
        }
        if job.phase is JobPhase.SUBMITTING:
            values["phase"] = JobPhase.READY
        await self._change(job, values)

    async def _change(self, job: BuildJob, values: Mapping[str, object]) -> None:
        await self._shop.store.write(lambda connection: builds.change_job(connection, job, values))


def _says(error: RefusedError, words: Sequence[str]) -> bool:
    return error.error == "slurm" and any(one in error.message for one in words)


def _record(connection: Connection, job: BuildJob, action: str, *, outcome: str, detail: str) -> None:
    audit.record(
        connection,
        user=job.user,
        via=f"pull request {job.repository}#{job.number}",
        action=action,
        subject=f"build job {job.id} {job.target} {job.repo_id}",
        outcome=outcome,
        detail=detail,
    )
