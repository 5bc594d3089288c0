"""Preparing a run: one fetch for all its jobs, then each job's directory, written as the build user.

What cannot be got is said of every job of the run; a directory that cannot be written, of that job only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from headgate.builds.backoff import later
from headgate.builds.checkout.mirror import CheckoutError, Sources, Wanted
from headgate.builds.forge.interface import ForgeError
from headgate.builds.jobs.content import export_vars, job_cfg, job_script
from headgate.builds.jobs.place import own_script
from headgate.builds.workshop import Workshop
from headgate.errors import ConfigError
from headgate.executor.interface import Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.model.build import BuildJob, BuildRun, JobPhase
from headgate.store import builds
from headgate.store.builds import JobFilter

_log = structlog.get_logger(__name__)
_MOST: Final = 1000
_ATTEMPTS: Final = 6
"""Fetches that fail before it is said that the repository cannot be had."""


class Preparer:
    """Takes the jobs of a run from PLANNED to READY."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop

    async def prepare(self, run: BuildRun, jobs: Sequence[BuildJob]) -> None:
        """Fetch, and write every job's directory. Raises StoreError."""
        shop = self._shop
        forge = shop.forges.get(run.repository.forge)
        if forge is None:
            await self._refuse(jobs, f"there is no forge {run.repository.forge} in the configuration any more")
            return
        wanted = Wanted(
            repository=run.repository,
            number=run.number,
            base_branch=run.base_branch,
            head_commit=run.head_commit,
            head_ref=shop.head_ref(run.repository, run.number),
            base_commit=run.base_commit,
            merge=shop.settings.jobs.pinned == "merge",
        )
        try:
            source = await forge.clone_source(run.repository)
            async with shop.mirrors.sources(wanted, source) as sources:
                await shop.store.write(lambda c: builds.set_built(c, run.id, sources.commit, sources.base_commit))
                await self._write_all(run, jobs, sources)
        except CheckoutError as error:
            _log.warning("build.not_fetched", run=run.id, problem=error.problem, detail=error.detail)
            told = f"{error.message}\n{error.detail}".strip()
            await self._later(jobs, told, give_up=not error.transient)
        except (ForgeError, ExecutorError) as error:
            await self._later(jobs, error.message, give_up=False)
        except OSError as error:
            await self._later(jobs, f"a file that goes to jobs cannot be read: {error.strerror}", give_up=False)
        except RefusedError as error:
            await self._later(jobs, error.message, give_up=not error.transient)

    async def _write_all(self, run: BuildRun, jobs: Sequence[BuildJob], sources: Sources) -> None:
        files, root = self._shop.files, jobs[0].root
        others = await self._shop.store.read(lambda c: builds.find_jobs(c, JobFilter(run_id=run.id), limit=_MOST))
        if all(job.phase in (JobPhase.PLANNED, JobPhase.REFUSED) for job in others):
            # Else both are there and whole, and a job may be reading them just now.
            await files.copy(sources.bundle, Place(root, f"{run.path}/source.bundle"))
            await files.copy(sources.difference, Place(root, f"{run.path}/{run.number}.diff"))
        for job in jobs:
            try:
                await self._write(run, job, sources)
            except RefusedError as error:
                await self._later([job], error.message, give_up=not error.transient)
            except ConfigError as error:
                await self._refuse([job], error.message)
            else:
                ready = {"phase": JobPhase.READY, "not_before": 0.0, "attempts": 0, "problem": ""}
                await self._shop.store.write(partial(_change, job=job, values=ready))

    async def _write(self, run: BuildRun, job: BuildJob, sources: Sources) -> None:
        """Write one job's directory. Raises RefusedError, ExecutorError, ConfigError."""
        shop, settings = self._shop, self._shop.settings
        target = settings.targets.get(job.target)
        if target is None:
            raise ConfigError(f"there is no target {job.target} in the configuration any more")
        own, files = f"{job.path}/.headgate", shop.files
        put = f"{own}/put"
        script = await own_script(settings.jobs)
        await files.write(Place(job.root, f"{own}/job.sh"), job_script(script), mode=0o755)
        cfg = job_cfg(settings.jobs, target, job, shop.repos.sections)
        await files.write(Place(job.root, f"{put}/cfg/job.cfg"), cfg.encode())
        arguments = run.data.get("job_arguments")
        if isinstance(arguments, list) and arguments:
            exported = export_vars([str(one) for one in arguments])
            await files.write(Place(job.root, f"{put}/cfg/export_vars.sh"), exported.encode())
        for name, path in shop.repos.files.items():
            await files.copy(path, Place(job.root, f"{put}/cfg/{name}"))
        await files.copy(sources.difference, Place(job.root, f"{put}/{job.number}.diff"))

    async def _later(self, jobs: Sequence[BuildJob], told: str, *, give_up: bool) -> None:
        """Try again after a while, or say that it does not work."""
        for job in jobs:
            if give_up or job.attempts + 1 >= _ATTEMPTS:
                await self._refuse([job], told)
                continue
            values = {
                "problem": told,
                "attempts": job.attempts + 1,
                "not_before": self._shop.clock() + later(job.attempts),
            }
            await self._shop.store.write(partial(_change, job=job, values=values))

    async def _refuse(self, jobs: Sequence[BuildJob], told: str) -> None:
        values = {"phase": JobPhase.REFUSED, "problem": told, "finished_at": self._shop.clock()}
        for job in jobs:
            await self._shop.store.write(partial(_change, job=job, values=values))


def _change(connection: Connection, job: BuildJob, values: Mapping[str, object]) -> None:
    builds.change_job(connection, job, values)
