"""From a build command to a run and its jobs, written down before anything is done about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from sqlalchemy import Connection

from headgate.builds.grammar.commands import Build, Filter
from headgate.builds.jobs.paths import event_name, job_path, run_path
from headgate.builds.targets import Choice, selects
from headgate.builds.workshop import Workshop
from headgate.config.builds import BuildSettings
from headgate.model.build import BuildJob, BuildRequest, BuildRun
from headgate.model.event import JSON
from headgate.model.pull_request import Repository
from headgate.store import builds
from headgate.store.builds import JobFilter

_MOST = 2000


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a command is about: the commits as they were when it was given. ``base_commit``: empty takes the newest."""

    base_branch: str
    head_commit: str
    base_commit: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """What came of a command: the run, and jobs that there were already."""

    run: BuildRun | None
    skipped: tuple[BuildJob, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """A build command: the line of a request, and the commits it means."""

    request: BuildRequest
    line: int
    pinned: Pinned
    command: Build


def plan(connection: Connection, shop: Workshop, order: Order, choices: Sequence[Choice]) -> Planned:
    """Write the run of a command and its jobs. The same line of the same request is one run. Raises PathError."""
    request, pinned, command = order.request, order.pinned, order.command
    key = f"request {request.id} line {order.line}"
    known = builds.run_of_key(connection, key)
    if known is not None:
        return Planned(known)
    data: dict[str, JSON] = {
        "job_arguments": list[JSON](command.job_arguments),
        "submit_arguments": list[JSON](command.submit_arguments),
    }
    skipped: list[BuildJob] = []
    if not command.again:
        there = already_built(connection, request.repository, request.number, pinned.head_commit, data)
        skipped = [job for one in choices if (job := there.get(_identity(one))) is not None]
        choices = [one for one in choices if _identity(one) not in there]
        if not choices:
            return Planned(None, tuple(skipped))
    now, number = shop.clock(), builds.count_runs(connection, request.id)
    event = event_name(str(request.data.get("delivery") or ""), request.id)
    path = run_path(request.repository, request.number, event, number, request.created_at)
    run = BuildRun(
        id=0,
        key=key,
        request_id=request.id,
        repository=request.repository,
        number=request.number,
        run=number,
        requester=request.sender,
        base_branch=pinned.base_branch,
        base_commit=pinned.base_commit,
        head_commit=pinned.head_commit,
        built_commit="",
        path=path,
        created_at=now,
        data=data,
    )
    jobs: list[BuildJob] = []
    for one in choices:
        taken = [job.path for job in jobs]
        where = job_path(path, (one.architecture, one.accelerator), one.repository, one.name, taken)
        jobs.append(_job(shop, run, one, where, now))
    return Planned(builds.add_run(connection, run, jobs), tuple(skipped))


def _job(shop: Workshop, run: BuildRun, one: Choice, path: str, now: float) -> BuildJob:
    cluster = shop.cluster_for(one.target)
    return BuildJob(
        id=0,
        run_id=0,
        repository=run.repository,
        number=run.number,
        requester=run.requester,
        commit=run.head_commit,
        target=one.name,
        repo_id=one.repository,
        on_architecture=one.target.architecture,
        on_accelerator=one.target.accelerator,
        for_architecture=one.architecture,
        for_accelerator=one.accelerator,
        root=cluster.root,
        path=path,
        user=cluster.user,
        cluster=cluster.name,
        not_before=now,
        created_at=now,
    )


Identity = tuple[str, str, str, str]
"""Target, repository, and what is built for: two jobs with the same are the same build."""


def _identity(one: Choice) -> Identity:
    return one.name, one.repository, one.architecture, one.accelerator


def identity_of(job: BuildJob) -> Identity:
    """Return what makes a job the same build as another."""
    return job.target, job.repo_id, job.for_architecture, job.for_accelerator


def already_built(
    connection: Connection, repository: Repository, number: int, commit: str, data: Mapping[str, JSON]
) -> dict[Identity, BuildJob]:
    """Return the builds of a commit that succeeded, or may yet. ``data``: the arguments they have to have had."""
    wanted = JobFilter(repository=repository, number=number, commit=commit)
    found = builds.find_jobs(connection, wanted, limit=_MOST)
    there = [job for job in found if not job.cancelled_by and (not job.phase.over or _succeeded(job))]
    same = {run.id for run in _runs_of(connection, there).values() if run.data == data}
    return {identity_of(job): job for job in there if job.run_id in same}


@dataclass(frozen=True, slots=True)
class Failed:
    """What failed of the builds of a commit: those with the arguments of ``run``, and ``others``, with other ones."""

    run: BuildRun
    choices: tuple[Choice, ...]
    others: tuple[BuildJob, ...] = ()


def failed_of(
    connection: Connection, settings: BuildSettings, repository: Repository, number: int, filters: Sequence[Filter]
) -> Failed | None:
    """Return what failed of the builds of the commit that was built last; None if nothing did."""
    last = builds.last_run(connection, repository, number)
    if last is None:
        return None
    wanted = JobFilter(repository=repository, number=number, commit=last.head_commit)
    newest = {identity_of(job): job for job in builds.find_jobs(connection, wanted, limit=_MOST)}
    failed = [
        job
        for job in newest.values()
        if job.phase.over
        and not _succeeded(job)
        and job.target in settings.targets
        and selects(filters, facts_of(settings.instance, job))
    ]
    runs = _runs_of(connection, failed)
    failed = [job for job in failed if job.run_id in runs]
    if not failed:
        return None
    run = runs[max(failed, key=lambda job: job.id).run_id]
    same = [job for job in failed if runs[job.run_id].data == run.data]
    choices = [
        Choice(job.target, settings.targets[job.target], job.repo_id, job.for_architecture, job.for_accelerator)
        for job in same
    ]
    return Failed(run, tuple(choices), tuple(job for job in failed if job not in same))


def _runs_of(connection: Connection, jobs: Sequence[BuildJob]) -> dict[int, BuildRun]:
    found = {number: builds.get_run(connection, number) for number in {job.run_id for job in jobs}}
    return {number: run for number, run in found.items() if run is not None}


def facts_of(instance: str, job: BuildJob) -> dict[str, str]:
    """Return what filters know of a job."""
    facts = {"architecture": job.for_architecture, "repository": job.repo_id, "instance": instance}
    if job.for_accelerator:
        facts["accelerator"] = job.for_accelerator
    if job.job_id is not None:
        facts["job"] = str(job.job_id)
    return facts


def _succeeded(job: BuildJob) -> bool:
    return job.result.get("status") == "SUCCESS" and job.result.get("test") in (None, "SUCCESS", "UNKNOWN")


def plan_again(connection: Connection, job: BuildJob, by: str, now: float) -> BuildJob | None:
    """Write a run that makes one job anew, at the same commit; None if that job is not over."""
    run = builds.get_run(connection, job.run_id)
    request = None if run is None else builds.get_request(connection, run.request_id)
    if run is None or request is None or not job.phase.over:
        return None
    number = builds.count_runs(connection, request.id)
    path = run_path(run.repository, run.number, PurePosixPath(run.path).parts[-2].removeprefix("event_"), number, now)
    new = replace(run, id=0, key=f"again {job.id} {number}", run=number, requester=by, path=path, created_at=now)
    where = job_path(path, (job.for_architecture, job.for_accelerator), job.repo_id, job.target, ())
    again = job.anew(requester=by, path=where, now=now)
    made = builds.add_run(connection, new, [again])
    if made is None:
        return None
    [kept] = builds.find_jobs(connection, JobFilter(run_id=made.id), limit=1)
    return kept
