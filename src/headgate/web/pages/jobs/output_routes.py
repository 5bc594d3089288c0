"""A job's output as it grows, and its files: read as the job's owner, for whom the kernel decides what they may."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from headgate.errors import NotFoundError
from headgate.executor.interface import Listing, OpenFile
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.gateway.outputs import Span, pieces
from headgate.model.change import Facts
from headgate.store import audit
from headgate.web.pages.frame import page
from headgate.web.pages.jobs import figures, reach
from headgate.web.pages.jobs.about import JobAbout, find_job, only_of
from headgate.web.pages.jobs.output import (
    Source,
    Stream,
    directory_of,
    last_piece,
    may_see_output,
    piece_from,
    sources_of,
)
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite, TheVisitor, Visitor

router = APIRouter(prefix="/jobs")
Cluster = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
JobId = Annotated[int, Path(ge=1, le=2**32)]
LISTED: Final = 500
"""Files listed on a page."""
_RECENT: Final = 900.0
"""Seconds after its end for which slurmctld may still know a job."""
TheStream = Annotated[Stream, Query()]


@dataclass(frozen=True, slots=True)
class Places:
    """Where a job's files lie, as far as anybody says."""

    about: JobAbout
    record: Facts | None
    directory: str

    def sources(self, stream: Stream) -> list[Source]:
        """Return the files in which a stream may lie."""
        return sources_of(self.about, stream, self.record, self.directory)


async def job_of(site: Site, visitor: Visitor, cluster: str, job_id: int) -> JobAbout:
    """Return a job that a visitor may see. Raises NotFoundError."""
    only = only_of(visitor)
    found = await site.store.read(lambda c: find_job(c, cluster, job_id, only))
    if found is None:
        raise NotFoundError(f"Headgate knows no job {job_id} of yours on {cluster[:64]}")
    return found


async def record_of(site: Site, about: JobAbout) -> Facts | None:
    """Return what slurmctld knows of a job; None if it does not know it any more, or does not answer in time."""
    ended = figures.started_and_ended(about)[1]
    if not about.job.open and ended is not None and time.time() - ended > _RECENT:
        return None
    found = await reach.records_of(site, about.cluster, about.name_for_slurm if about.rest else about.label)
    own = [one for one in found or () if reach.number(one, "job_id") == about.job_id]
    return own[0] if own and reach.words(own[0], "user_name") in ("", about.user) else None


async def places_of(site: Site, about: JobAbout, record: Facts | None = None, accounted: str = "") -> Places:
    """Return where a job's files lie."""
    record = record or await record_of(site, about)
    directory = directory_of(about, record, accounted)
    if not directory:
        directory = directory_of(about, record, (await figures.of_job(site, about)).work_dir)
    return Places(about, record, directory)


async def _owned(site: Site, visitor: Visitor, cluster: str, job_id: int) -> JobAbout:
    about = await job_of(site, visitor, cluster, job_id)
    if not may_see_output(site, visitor, about.user):
        raise NotFoundError("only the owner of a job sees its output and files")
    return about


async def _opened(site: Site, places: Places, stream: Stream) -> tuple[Source, OpenFile]:
    """Open a stream's file. Raises RefusedError, ExecutorError, NotFoundError."""
    problem: RefusedError | None = None
    for source in places.sources(stream):
        try:
            return source, await site.outputs.opened(places.about.user, source.path)
        except RefusedError as error:
            problem = error
    if problem is not None:
        raise problem
    raise NotFoundError(
        "this job writes its errors to its output"
        if stream == "err"
        else "nobody says where the output lies: Slurm does while it knows the job, and with each mail the job asks for"
    )


@router.get("/{cluster}/{job_id:int}/output")
async def output(
    *, request: Request, site: TheSite, visitor: TheVisitor, cluster: Cluster, job_id: JobId, stream: TheStream = "out"
) -> Response:
    """Show the end of a job's output; a script goes on from there."""
    about = await _owned(site, visitor, cluster, job_id)
    await _note(site, visitor, about, "output")
    places = await places_of(site, about)
    source, shown, problem = None, None, ""
    try:
        source, file = await _opened(site, places, stream)
        async with file:
            shown = await last_piece(file)
    except (RefusedError, ExecutorError, NotFoundError) as error:
        problem = error.message
        source = next(iter(places.sources(stream)), None)
    return await page(
        request,
        site,
        visitor,
        "jobs/output.html",
        about=about,
        stream=stream,
        source=source,
        shown=shown,
        problem=problem,
        has_err=bool(places.sources("err")),
    )


@router.get("/{cluster}/{job_id:int}/output/more")
async def more_output(
    *,
    site: TheSite,
    visitor: TheVisitor,
    cluster: Cluster,
    job_id: JobId,
    stream: TheStream = "out",
    start: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    """Return what was written behind a place, as JSON; ``over``: nothing more comes."""
    about = await _owned(site, visitor, cluster, job_id)
    places = await places_of(site, about)
    try:
        _, file = await _opened(site, places, stream)
        async with file:
            found = await piece_from(file, start)
    except (RefusedError, ExecutorError, NotFoundError) as error:
        return JSONResponse({"problem": error.message, "over": not about.job.open})
    return JSONResponse(
        {
            "lines": list(found.lines),
            "rest": found.rest,
            "start": found.start,
            "next": found.next,
            "size": found.size,
            "over": not about.job.open and found.next + len(found.rest.encode()) >= found.size,
        }
    )


@router.get("/{cluster}/{job_id:int}/files")
async def list_files(
    *,
    request: Request,
    site: TheSite,
    visitor: TheVisitor,
    cluster: Cluster,
    job_id: JobId,
    path: Annotated[str, Query(max_length=2000)] = "",
    after: Annotated[str, Query(max_length=300)] = "",
) -> Response:
    """Show what lies in a job's working directory, to its owner."""
    about = await job_of(site, visitor, cluster, job_id)
    places = await _files_of(site, visitor, about)
    inside = _inside(path)
    listing, problem = Listing(entries=(), more=False), ""
    try:
        listing = await site.outputs.listed(
            about.user, str(PurePosixPath(places.directory, inside)), after=after, limit=LISTED
        )
    except (RefusedError, ExecutorError) as error:
        problem = error.message
    return await page(
        request,
        site,
        visitor,
        "jobs/files.html",
        about=about,
        directory=places.directory,
        inside=inside,
        above="" if "/" not in inside else inside.rpartition("/")[0],
        listing=listing,
        problem=problem,
    )


@router.get("/{cluster}/{job_id:int}/files/download")
async def download(
    site: TheSite, visitor: TheVisitor, cluster: Cluster, job_id: JobId, path: Annotated[str, Query(max_length=2000)]
) -> Response:
    """Hand over a file of a job's working directory, to its owner, as it is; browsers keep it and do not show it."""
    about = await job_of(site, visitor, cluster, job_id)
    places = await _files_of(site, visitor, about)
    inside = _inside(path)
    try:
        file = await site.outputs.opened(about.user, str(PurePosixPath(places.directory, inside)))
    except RefusedError as error:
        raise NotFoundError(f"this file cannot be read: {error.message}") from error
    size = await file.size()
    name = quote(PurePosixPath(inside).name or "file", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return StreamingResponse(pieces(file, Span(0, size, size)), media_type="application/octet-stream", headers=headers)


async def _files_of(site: Site, visitor: Visitor, about: JobAbout) -> Places:
    """Return where an owner's files lie. Raises NotFoundError for everybody else: no role opens files."""
    if about.user != visitor.user or not visitor.user:
        raise NotFoundError("only the owner of a job sees its files")
    places = await places_of(site, about)
    if not places.directory:
        raise NotFoundError("nobody says where the files of this job lie (any more)")
    return places


def _inside(path: str) -> str:
    """Return a path below the working directory. Raises NotFoundError for one that leads out of it."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in path or path.startswith("/"):
        raise NotFoundError("this is no path in the job's working directory")
    return "/".join(parts)


async def _note(site: Site, visitor: Visitor, about: JobAbout, what: str) -> None:
    """Write down that somebody looks who is not the owner."""
    if about.user == visitor.user:
        return
    await site.store.write(
        lambda c: audit.record(
            c, user=visitor.user, via=visitor.caller.via, action=what, outcome="done", subject=f"job {about.label}",
            detail=f"of {about.user} on {about.cluster}; from {visitor.caller.origin}",
        )
    )  # fmt: skip
