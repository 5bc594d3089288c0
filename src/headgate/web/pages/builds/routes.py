"""Builds: the matrix of runs, one run, and what operators do about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from headgate.builds import changing
from headgate.builds.changing import By
from headgate.errors import ConfigError, NotFoundError
from headgate.model.build import BuildJob, BuildRequest, BuildRow, BuildRun, JobPhase
from headgate.model.right import Right
from headgate.store import build_pages, builds
from headgate.store.build_pages import RunFilter
from headgate.store.builds import JobFilter
from headgate.web.pages.builds.shown import is_deployable, matrix, pieces, pull_request_url, state_of, web_url
from headgate.web.pages.forms import Form, TheForm
from headgate.web.pages.frame import ROOT, go_on, page
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite, TheVisitor, Visitor

router = APIRouter()
_IN_LIST: Final = 30
_MOST_WHY: Final = 300
_MOST_JOBS: Final = 2000
_Word = Annotated[str, Query(max_length=300, pattern=r"^[^\x00]*$")]
_Number = Annotated[int | None, Query(ge=1, lt=2**31)]


def _wanted(repository: _Word = "", number: _Word = "", state: _Word = "", before: _Number = None) -> RunFilter:
    pull = number.strip().removeprefix("#")
    asked = int(pull) if pull.isascii() and pull.isdigit() and len(pull) < 10 else None  # noqa: PLR2004 - of 32 bits
    return RunFilter(repository.strip(), asked, state == "open", before)


@router.get("/builds")
async def all_runs(
    request: Request, site: TheSite, visitor: TheVisitor, wanted: Annotated[RunFilter, Depends(_wanted)]
) -> Response:
    """Show runs with their jobs as a matrix, newest first."""
    visitor.require(Right.SEE_BUILDS)

    def work(connection: Connection) -> tuple[list[BuildRun], dict[int, list[BuildJob]]]:
        found = build_pages.runs(connection, wanted, _IN_LIST + 1)
        return found, build_pages.jobs_of(connection, found[:_IN_LIST])

    runs, jobs = await site.store.read(work)
    columns, rows = matrix(runs[:_IN_LIST], jobs, site.settings.builds)
    return await page(
        request,
        site,
        visitor,
        "builds/builds.html",
        columns=columns,
        rows=rows,
        state_of=state_of,
        configured=bool(site.settings.builds.forges),
        query={
            "repository": wanted.path,
            "number": wanted.number or "",
            "state": "open" if wanted.open else "",
        },
        first=wanted.before is None,
        older=runs[_IN_LIST - 1].id if len(runs) > _IN_LIST else None,
    )


@router.get("/builds/runs/{number}")
async def one_run(request: Request, site: TheSite, visitor: TheVisitor, number: int) -> Response:
    """Show one run: its jobs with their rows, and what was asked for."""
    visitor.require(Right.SEE_BUILDS)

    def work(
        connection: Connection,
    ) -> tuple[BuildRun, BuildRequest | None, list[BuildJob], dict[int, list[BuildRow]]]:
        run = _run(connection, number)
        jobs = builds.find_jobs(connection, JobFilter(run_id=run.id), limit=_MOST_JOBS)
        return run, builds.get_request(connection, run.request_id), jobs, build_pages.rows_of(connection, jobs)

    run, asked, jobs, rows = await site.store.read(work)
    settings = site.settings.builds
    may = visitor.has(Right.CHANGE_BUILDS)
    return await page(
        request,
        site,
        visitor,
        "builds/run.html",
        run=run,
        asked=asked,
        url=pull_request_url(settings, run.repository, run.number),
        jobs=[
            (job, state_of(job), [(row, pieces(row)) for row in rows[job.id]], web_url(job.comment_url)) for job in jobs
        ],
        may=may,
        may_replay=may and asked is not None and asked.event_id is not None,
        may_deploy=may and settings.deploy.policy != "none" and any(map(is_deployable, jobs)),
    )


@router.get("/builds/jobs/{number}")
async def one_job(site: TheSite, visitor: TheVisitor, number: int) -> Response:
    """Send on to the job in its run."""
    visitor.require(Right.SEE_BUILDS)
    job = await site.store.read(lambda connection: builds.get_job(connection, number))
    if job is None:
        raise NotFoundError(f"there is no build job {number}")
    return RedirectResponse(f"{ROOT}/builds/runs/{job.run_id}#job-{number}", HTTPStatus.SEE_OTHER)


@router.post("/builds/jobs/{number}/cancel")
async def cancel(site: TheSite, visitor: TheVisitor, form: TheForm, number: int) -> Response:
    """End a job."""
    by = _by(visitor, form)
    return await _changed(
        site,
        visitor,
        number,
        lambda connection: changing.cancel(connection, number, by).run_id,
        f"Build job {number} is being cancelled.",
    )


@router.post("/builds/jobs/{number}/retry")
async def retry(site: TheSite, visitor: TheVisitor, form: TheForm, number: int) -> Response:
    """Make a job again."""
    by = _by(visitor, form)
    return await _changed(
        site,
        visitor,
        number,
        lambda connection: changing.retry(connection, number, by).run_id,
        f"This run makes build job {number} again.",
    )


@router.post("/builds/runs/{number}/replay")
async def replay(site: TheSite, visitor: TheVisitor, form: TheForm, number: int) -> Response:
    """Do again what the run's event asks for."""
    by = _by(visitor, form)

    def work(connection: Connection) -> None:
        request = builds.get_request(connection, _run(connection, number).request_id)
        if request is None or request.event_id is None:
            raise NotFoundError("the event that asked for it is not known any more")
        changing.replay(connection, request.event_id, by)

    await site.store.write(work)
    text = "It is done again; what came of it will stand in the pull request."
    return await go_on(site, visitor, f"/builds/runs/{number}", text)


@router.post("/builds/runs/{number}/deploy")
async def deploy(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm, number: int) -> Response:
    """Deploy what was built of a pull request: first show what that is, then have it done."""
    by = _by(visitor, form)
    settings = site.settings.builds
    if settings.deploy.policy == "none":
        raise NotFoundError("nothing is deployed here: the policy is none")

    def read(connection: Connection) -> tuple[BuildRun, list[BuildJob]]:
        run = _run(connection, number)
        wanted = JobFilter(repository=run.repository, number=run.number, phase=JobPhase.DONE)
        return run, builds.find_jobs(connection, wanted, limit=_MOST_JOBS)

    run, jobs = await site.store.read(read)
    if form.get("sure") != "yes":
        return await page(
            request,
            site,
            visitor,
            "builds/deploy.html",
            run=run,
            jobs=[job for job in jobs if is_deployable(job)],
            policy=settings.deploy.policy,
            url=pull_request_url(settings, run.repository, run.number),
        )
    await site.store.write(lambda connection: changing.deploy(connection, run, by))
    text = "It is being deployed; what came of it will stand in the pull request and in the rows of the jobs."
    return await go_on(site, visitor, f"/builds/runs/{number}", text)


def _by(visitor: Visitor, form: Form) -> By:
    visitor.require(Right.CHANGE_BUILDS)
    return By(visitor.user, visitor.caller.via, time.time(), form.get("why")[:_MOST_WHY], visitor.caller.origin)


async def _changed(site: Site, visitor: Visitor, number: int, work: Callable[[Connection], int], text: str) -> Response:
    """Change a job and go on to the run that ``work`` returns; where it cannot be, back to the job's own."""
    try:
        run = await site.store.write(work)
    except ConfigError as error:
        return await go_on(site, visitor, f"/builds/jobs/{number}", f"{error.message[:1].upper()}{error.message[1:]}.",
                           kind="failed")  # fmt: skip
    return await go_on(site, visitor, f"/builds/runs/{run}", text)


def _run(connection: Connection, number: int) -> BuildRun:
    run = builds.get_run(connection, number)
    if run is None:
        raise NotFoundError(f"there is no build run {number}")
    return run
