"""Deploying what was built of a pull request: which jobs there are, the audit log, and the rows that tell of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final

import structlog
from sqlalchemy import Connection

from headgate.builds import texts
from headgate.builds.deploy.deployer import Deployer, target_of
from headgate.builds.deploy.parcel import Target
from headgate.builds.deploy.request import BuiltJob, DeployRequest, DeployRow, Outcome, Step, StepKind, Uploaded
from headgate.builds.grammar import Filter
from headgate.builds.planning import facts_of
from headgate.builds.targets import selects
from headgate.builds.texts.rows import Row
from headgate.builds.told import Told
from headgate.builds.workshop import Workshop
from headgate.errors import ConfigError
from headgate.executor.interface import Place
from headgate.model.build import BuildJob, BuildRequest, JobPhase
from headgate.model.event import JSON
from headgate.store import audit, build_rows, builds
from headgate.store.builds import JobFilter

_log = structlog.get_logger(__name__)
_MOST: Final = 2000


class Deploying:
    """Deploys what was built of a pull request."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop
        self._target: Target | None = None
        self._made = False

    async def deploy(self, request: BuildRequest, commit: str, filters: Sequence[Filter], line: int = 0) -> Told:
        """Deploy, for somebody who may; every step is written to the audit log. Raises StoreError.

        ``line``: that of the command, 0 for a label. What came of it is kept together with its rows: asked again after
        a crash behind that, it is told again, and nothing is done.
        """
        shop, own = self._shop, self._shop.settings
        kept = request.progress.get(f"deployed {line}")
        if isinstance(kept, dict):
            return Told(str(kept.get("outcome")), _names(kept.get("points")))
        if own.deploy.policy == "none":
            return Told("refused", ("nothing is deployed here",))
        wanted = JobFilter(repository=request.repository, number=request.number, phase=JobPhase.DONE)
        found = await shop.store.read(lambda c: builds.find_jobs(c, wanted, limit=_MOST))
        jobs = [job for job in found if job.job_id and selects(filters, facts_of(own.instance, job))]
        if not jobs:
            return Told("refused", ("there is nothing that was built",))
        try:
            if not self._made:
                self._target, self._made = target_of(own.deploy), True
        except ConfigError as error:
            return Told("failed", (texts.cell(error.message),))

        async def note(step: Step) -> None:
            await shop.store.write(lambda c: _record(c, request, step))

        deployer = Deployer(own.deploy, own.instance, shop.cluster.files, shop.cluster.user, self._target, note)
        uploaded = tuple(
            Uploaded(str(job.job_id), job.repo_id, name) for job in found for name in _names(job.result.get("uploaded"))
        )
        asked = DeployRequest(request.repository, request.number, commit, tuple(map(_built, jobs)), uploaded)
        rows = await deployer.deploy(asked)
        by_number, told, now = {job.id: job for job in jobs}, _told(rows), shop.clock()

        def keep(connection: Connection) -> None:
            _keep(connection, by_number, rows, f"deploy {request.id}" + (f" {line}" if line else ""), now)
            done: dict[str, JSON] = {"outcome": told.outcome, "points": list[JSON](told.points)}
            builds.note_request(connection, request.id, {f"deployed {line}": done})

        await shop.store.write(keep)
        return told


def _built(job: BuildJob) -> BuiltJob:
    test = job.result.get("test")
    parts = PurePosixPath(job.path).parts
    pull = next((number for number, part in enumerate(parts) if part == f"pr_{job.number}"), len(parts) - 1)
    return BuiltJob(
        job=str(job.job_id),
        place=Place(job.root, job.path),
        pull_request=Place(job.root, "/".join(parts[: pull + 1])),
        repository_id=job.repo_id,
        commit=job.commit,
        comment_id=job.comment_id or 0,
        succeeded=job.result.get("status") == "SUCCESS",
        tests_passed=None if test in (None, "UNKNOWN") else test == "SUCCESS",
        artefacts=_names(job.result.get("artefacts")),
        number=job.id,
    )


def _record(connection: Connection, request: BuildRequest, step: Step) -> None:
    audit.record(
        connection,
        user="",
        via=f"pull request {request.repository}#{request.number}",
        action=f"build deploy {step.kind.value}",
        subject=f"Slurm job {step.job} {step.artefact}",
        outcome="failed" if step.kind is StepKind.FAILED else "done",
        detail=f"asked for by {request.sender}: {step.detail}",
    )


def _keep(
    connection: Connection, jobs: Mapping[int, BuildJob], rows: Sequence[DeployRow], key: str, now: float
) -> None:
    """Owe the rows, and remember what went. ``key``: what the keys of the rows begin with."""
    for number, row in enumerate(rows):
        job = jobs.get(row.number)
        if job is None or row.outcome is Outcome.LEFT_OUT:
            continue
        told = Row(now, row.outcome.value, row.text)
        build_rows.add(connection, job.id, f"{key} {number}", told)
        current = builds.get_job(connection, job.id)
        if row.outcome is Outcome.UPLOADED and current is not None:
            went: list[JSON] = [*_names(current.result.get("uploaded")), row.artefact]
            builds.note_job(connection, job.id, {"result": {**current.result, "uploaded": went}})


def _told(rows: Sequence[DeployRow]) -> Told:
    points = []
    for row in rows:
        what = f"`{texts.code(row.artefact)}` of job `{row.job}`" if row.artefact else f"job `{row.job}`"
        why = f" ({texts.cell(row.reason)})" if row.reason else ""
        points.append(f"{what}: {row.outcome.value}{why}")
    if any(row.outcome is Outcome.NOT_UPLOADED for row in rows):
        return Told("failed", tuple(points))
    went = any(row.outcome is Outcome.UPLOADED for row in rows)
    return Told("done" if went else "refused", tuple(points) or ("there is nothing to deploy",))


def _names(value: JSON) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
