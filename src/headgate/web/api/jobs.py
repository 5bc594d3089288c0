"""Jobs: Slurmer's routes below ``/apps/{appId}/jobs``, and the same and more below ``/jobs``."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from sqlalchemy import Connection

from headgate.gateway.gateway import Gateway
from headgate.gateway.owner import Owner
from headgate.gateway.refusals import BadRequestError, TooManyError
from headgate.gateway.request import JobRequest, JobUpdate
from headgate.gateway.script import BATCH
from headgate.model.states import JobState
from headgate.model.submission import Phase, Submission
from headgate.store import jobs, submissions
from headgate.store.jobs import StoredJob
from headgate.store.submissions import SubmissionFilter
from headgate.web.api.asking import At, TheJob, TheOwner
from headgate.web.api.bodies import Removed, ShownJob, ShownTask
from headgate.web.api.outputs import whole_text
from headgate.web.api.paging import following
from headgate.web.api.showing import known, show, shown

router = APIRouter(prefix="/jobs", tags=["jobs"])
KEY: Final = r"^[\x21-\x7e]+$"
LONGEST_KEY: Final = 255
RepeatKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST_KEY,
        pattern=KEY,
        description="Makes a repeated request return the first job, also when its answer was lost.",
    ),
]
_MOST_TASKS: Final = 10_000
_STATES: Final = frozenset(one.text for one in JobState)
_REPEATED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": ShownJob, "description": "The request was repeated: the job it made the first time."}
}


class Status(enum.StrEnum):
    """Slurmer's two states."""

    STARTED = "started"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Page:
    """Which jobs, in which order, how many of them."""

    wanted: SubmissionFilter
    limit: int
    nothing: bool
    """Whether no job can fit."""
    newest: bool
    given: bool
    """Whether a page was asked for, and not all."""


# No plain function, and no class: FastAPI would have a thread do that, for each request.
async def page_of(
    at: At,
    *,
    status: Annotated[Status | None, Query(description="Slurmer's status.")] = None,
    phase: Annotated[list[Phase] | None, Query(description="Only jobs that have come this far.")] = None,
    state: Annotated[list[str] | None, Query(max_length=20, description="Only jobs in these states of Slurm.")] = None,
    name: Annotated[str | None, Query(max_length=1024, description="Only jobs of this name.")] = None,
    cluster: Annotated[str | None, Query(max_length=128, description="Only jobs for this cluster.")] = None,
    since: Annotated[float | None, Query(ge=0, le=1e11, description="Created then or later.")] = None,
    until: Annotated[float | None, Query(ge=0, le=1e11, description="Created then or earlier.")] = None,
    sort: Annotated[Literal["created", "-created"], Query(description="`-created`: newest first.")] = "created",
    limit: Annotated[int | None, Query(ge=1, le=100_000, description="Jobs of one page.")] = None,
    after: Annotated[int | None, Query(ge=0, lt=1 << 62, description="Where the page before ended.")] = None,
) -> Page:
    """Return what a query asks for. Raises BadRequestError."""
    wanted = {one.upper() for one in state or ()}
    if unknown := wanted - _STATES:
        raise BadRequestError(f"state: {min(unknown)[:32]!a} is no state of Slurm")
    phases = tuple(phase or ())
    if status is not None:
        meant = tuple(one for one in Phase if one.started == (status is Status.STARTED))
        phases = tuple(one for one in meant if one in phases) if phases else meant
    return Page(
        SubmissionFilter(
            phases=phases,
            states=tuple(sorted(wanted)),
            name=name,
            cluster=cluster,
            since=since,
            until=until,
            after=after,
        ),
        min(limit or at.settings.limits.page, at.settings.limits.page),
        nothing=(status is not None or bool(phase)) and not phases,
        newest=sort == "-created",
        given=limit is not None or after is not None,
    )


@router.get("")
async def list_jobs(
    request: Request, response: Response, owner: TheOwner, at: At, page: Annotated[Page, Depends(page_of)]
) -> list[ShownJob]:
    """List this user's jobs. ``Link`` names the next page, if there is one."""
    found, link = await look(at, owner, page, request, whole="appId" in request.path_params and not page.given)
    if link:
        response.headers["Link"] = link
    return found


async def look(
    at: Gateway, owner: Owner, page: Page, request: Request, *, whole: bool
) -> tuple[list[ShownJob], str | None]:
    """Return one page of a user's jobs, and the next one's ``Link``. ``whole``: all of them. Raises BadRequestError."""
    if page.nothing:
        return [], None
    limit = at.settings.limits.list_without_page if whole else page.limit
    wanted = replace(page.wanted, user=owner.user)

    def work(connection: Connection) -> tuple[list[Submission], dict[tuple[str, int], StoredJob]]:
        found = submissions.find(connection, owner.app.id, wanted, limit=limit + 1, newest=page.newest)
        return found, known(connection, found[:limit])

    found, seen = await at.store.read(work)
    if len(found) <= limit:
        return shown(found, seen), None
    if whole:
        raise BadRequestError(f"there are more than {limit} jobs: ask for pages, with limit and after")
    return shown(found[:limit], seen), following(request, "after", found[limit - 1].number)


@router.post("", status_code=HTTPStatus.CREATED, responses=_REPEATED)
async def create_job(
    request: Request, response: Response, owner: TheOwner, at: At, *, wanted: JobRequest, repeat_key: RepeatKey = None
) -> ShownJob:
    """Create a job. Below ``/apps`` it is not submitted yet, as in Slurmer, unless ``start`` is true."""
    made, new = await create(at, owner, wanted, repeat_key, start="appId" not in request.path_params)
    if not new:
        response.status_code = HTTPStatus.OK
    response.headers["Location"] = f"{request.url.path.rstrip('/')}/{made.id}"
    return made


async def create(
    at: Gateway, owner: Owner, wanted: JobRequest, repeat_key: str | None, *, start: bool
) -> tuple[ShownJob, bool]:
    """Create a job, and return it with whether it is new. ``start``: whether it is submitted if nothing is said."""
    begin = start if wanted.start is None else wanted.start
    made, new = await at.submissions.create(owner, wanted, start=begin, repeat_key=repeat_key)
    return (shown([made], {})[0] if new else await show(at, made)), new  # of a new one the watcher knows nothing


@router.get("/{jobId}")
async def show_job(job: TheJob, at: At) -> ShownJob:
    """Show a job: from the store, which is told of every change. Slurm is not asked."""
    return await show(at, job)


@router.delete("/{jobId}", response_class=Response)
async def delete_job(job: TheJob, owner: TheOwner, at: At) -> Response:
    """Cancel a job if it is not over, remove its directory, and forget it."""
    await at.control.delete(owner, job)
    return Response(status_code=HTTPStatus.OK)


@router.patch("/{jobId}")
async def update_job(job: TheJob, owner: TheOwner, changes: JobUpdate, at: At) -> ShownJob:
    """Change a job that Slurm has: its time limit, and what else an owner may."""
    await at.control.update(owner, job, changes)
    return await show(at, await at.control.get(owner, job.id))


@router.get("/{jobId}/batch", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def show_batch(job: TheJob, at: At) -> Response:
    """Return the batch script."""
    return await whole_text(at, job, BATCH, at.settings.limits.script)


@router.get("/{jobId}/tasks")
async def list_tasks(job: TheJob, at: At) -> list[ShownTask]:
    """List the tasks of an array, as the watcher last saw them."""
    number, since = job.job_id, (job.requested_at or 0.0) - 300
    if number is None:
        return []
    found = await at.store.read(lambda c: jobs.of_array(c, job.cluster, number, since))
    if len(found) > _MOST_TASKS:
        raise TooManyError(f"the array has more than {_MOST_TASKS} tasks; follow its events")
    return [
        ShownTask(
            label=str(one.data.get("label") or one.attempt.job_id),
            job_id=one.attempt.job_id,
            state=str(one.data.get("state") or ""),
            over=not one.open,
        )
        for one in found
    ]


@router.put("/{jobId}/status")
async def set_status(job: TheJob, owner: TheOwner, status: Annotated[Status, Body()], at: At) -> Status:
    """Start or stop a job: the body is ``"started"`` or ``"stopped"``."""
    await _set(at, owner, job, status)
    return status


@router.put("/{jobId}/start", status_code=HTTPStatus.NO_CONTENT)
async def start_job(job: TheJob, owner: TheOwner, at: At) -> None:
    """Submit a job; one that is started stays as it is."""
    await _set(at, owner, job, Status.STARTED)


@router.put("/{jobId}/stop", status_code=HTTPStatus.NO_CONTENT)
async def stop_job(job: TheJob, owner: TheOwner, at: At) -> None:
    """Cancel a job; one that is not started stays as it is."""
    await _set(at, owner, job, Status.STOPPED)


async def _set(at: Gateway, owner: Owner, job: Submission, status: Status) -> None:
    if status is Status.STARTED:
        await at.submissions.start(owner, job)
    else:
        await at.control.stop(owner, job)


@router.put("/{jobId}/prune", status_code=HTTPStatus.NO_CONTENT)
async def prune_job(job: TheJob, owner: TheOwner, at: At) -> None:
    """Remove all that is in a job's directory but the batch script."""
    Removed(removed=await at.control.prune(owner, job))


@router.put("/{jobId}/hold", status_code=HTTPStatus.NO_CONTENT)
async def hold_job(job: TheJob, owner: TheOwner, at: At) -> None:
    """Keep a waiting job from starting."""
    await at.control.act(owner, job, "hold")


@router.put("/{jobId}/release", status_code=HTTPStatus.NO_CONTENT)
async def release_job(job: TheJob, owner: TheOwner, at: At) -> None:
    """Let a held job start."""
    await at.control.act(owner, job, "release")


@router.put("/{jobId}/requeue", status_code=HTTPStatus.NO_CONTENT)
async def requeue_job(job: TheJob, owner: TheOwner, at: At) -> None:
    """Put a job back into the queue."""
    await at.control.act(owner, job, "requeue")
