"""Builds over REST: the jobs that were made for pull requests, how each stands, ending one and making one again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from headgate.actions.caller import Caller
from headgate.builds import changing
from headgate.builds.changing import By
from headgate.errors import ConfigError, NotFoundError
from headgate.gateway.refusals import ConflictError
from headgate.model.build import BuildJob, BuildRow, JobPhase
from headgate.model.right import Right
from headgate.store import build_rows, builds
from headgate.store.builds import JobFilter
from headgate.store.store import Store
from headgate.web.api.actions import TheCaller
from headgate.web.api.asking import At
from headgate.web.api.paging import point_on
from headgate.web.pages.builds.shown import pieces, state_of, web_url

router = APIRouter(prefix="/builds", tags=["builds"])
_LARGEST: Final = 2**31
_NO_NUL: Final = r"^[^\x00]*$"
Number = Annotated[int, Path(ge=1, lt=_LARGEST, description="A build job's number.")]
_Whole = Annotated[int | None, Query(ge=1, lt=_LARGEST)]


class ShownBuild(BaseModel):
    """One job of a pull request's build. Times are seconds since the epoch."""

    id: int
    run: int = Field(description="The jobs of one command in one pull request are a run.")
    forge: str
    repository: str = Field(description="`OWNER/NAME`.")
    pull_request: int
    requester: str = Field(description="Who asked for it.")
    commit: str = Field(description="The commit of the pull request that is built.")
    target: str
    build_repository: str = Field(description="What it is built for: the id of the target's repository.")
    architecture: str
    accelerator: str
    phase: JobPhase
    state: str = Field(description="How it stands, in a word or two: `running`, `SUCCESS`, `tests failed`.")
    problem: str = Field(description="Why it was refused, or cannot go on.")
    cluster: str
    job_id: int | None = Field(description="The Slurm job.")
    slurm_state: str
    cancelled_by: str
    comment_url: str
    begun_at: float
    ended_at: float | None

    @classmethod
    def of(cls, one: BuildJob) -> Self:
        """Show a job."""
        return cls(
            id=one.id,
            run=one.run_id,
            forge=one.repository.forge,
            repository=one.repository.path,
            pull_request=one.number,
            requester=one.requester,
            commit=one.commit,
            target=one.target,
            build_repository=one.repo_id,
            architecture=one.for_architecture,
            accelerator=one.for_accelerator,
            phase=one.phase,
            state=state_of(one),
            problem=one.problem,
            cluster=one.cluster,
            job_id=one.job_id,
            slurm_state=one.state,
            cancelled_by=one.cancelled_by,
            comment_url=web_url(one.comment_url),
            begun_at=one.created_at,
            ended_at=one.ended_at,
        )


class ShownBuildRow(BaseModel):
    """A row of its table in the pull request."""

    time: float
    status: str
    text: str = Field(description="Plain text; what is folded away there follows its heading.")
    written: bool = Field(description="Whether it is in the pull request.")

    @classmethod
    def of(cls, one: BuildRow) -> Self:
        """Show a row."""
        text = "\n".join(f"{part.head}\n{part.text}" if part.head else part.text for part in pieces(one))
        return cls(time=one.at, status=one.status, text=text, written=one.written)


class WholeBuild(ShownBuild):
    """A build job with what its files say, and its rows."""

    directory: str
    account: str = Field(description="The Unix account that builds.")
    result: dict[str, Any] = Field(description="`status`, `artefacts`, `test`.")
    rows: list[ShownBuildRow]


class WhyChanged(BaseModel):
    """Why something is done to a build."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "the node was bad"}]})

    why: str = Field("", max_length=300, pattern=_NO_NUL, description="For the audit log.")


async def _wanted(  # noqa: PLR0917 - FastAPI hands them over by name
    repository: Annotated[
        str | None, Query(max_length=300, pattern=_NO_NUL, description="Only of this one, `OWNER/NAME`.")
    ] = None,
    pull_request: Annotated[_Whole, Query(description="Only of the pull request with this number.")] = None,
    run: Annotated[_Whole, Query(description="Only of this run.")] = None,
    phase: Annotated[JobPhase | None, Query(description="Only in this phase.")] = None,
    since: Annotated[float | None, Query(allow_inf_nan=False, description="Begun then or later, in seconds.")] = None,
    before: Annotated[_Whole, Query(description="Where the page before ended: only older ones.")] = None,
    *,
    only_open: Annotated[bool, Query(alias="open", description="Only those that are not over.")] = False,
) -> JobFilter:
    return JobFilter(
        path=repository, number=pull_request, phase=phase, run_id=run, open=only_open, since=since, before=before
    )


@router.get("")
async def list_builds(
    *,
    request: Request,
    response: Response,
    caller: TheCaller,
    at: At,
    wanted: Annotated[JobFilter, Depends(_wanted)],
    limit: Annotated[int, Query(ge=1, le=1000, description="Jobs of one page.")] = 100,
) -> list[ShownBuild]:
    """List the jobs of builds, newest first. `Link` names the next page. Takes the role viewer."""
    caller.require(Right.SEE_BUILDS)
    found = await at.store.read(lambda connection: builds.find_jobs(connection, wanted, limit=limit + 1))
    found.reverse()
    if len(found) > limit:
        point_on(request, response, "before", found[limit - 1].id)
    return [ShownBuild.of(one) for one in found[:limit]]


@router.get("/{number}")
async def show_build(number: Number, caller: TheCaller, at: At) -> WholeBuild:
    """Show a build job with its rows in the pull request. Takes the role viewer."""
    caller.require(Right.SEE_BUILDS)

    def work(connection: Connection) -> tuple[BuildJob | None, list[BuildRow]]:
        return builds.get_job(connection, number), build_rows.of_job(connection, number)

    one, rows = await at.store.read(work)
    if one is None:
        raise NotFoundError(f"there is no build job {number}")
    return WholeBuild(
        **ShownBuild.of(one).model_dump(),
        directory=one.directory,
        account=one.user,
        result=dict(one.result),
        rows=[ShownBuildRow.of(row) for row in rows],
    )


@router.post("/{number}/cancel")
async def cancel_build(number: Number, caller: TheCaller, at: At, given: WhyChanged | None = None) -> ShownBuild:
    """Have a build job ended: Headgate does it soon, and says so in the pull request. Takes the role operator.

    One that is over is a conflict.
    """
    return await _changed(at.store, caller, number, given, changing.cancel)


@router.post("/{number}/retry")
async def retry_build(number: Number, caller: TheCaller, at: At, given: WhyChanged | None = None) -> ShownBuild:
    """Have a build job that is over made again at the same commit; answer with the new one. Takes the role operator.

    One that is not over is a conflict.
    """
    return await _changed(at.store, caller, number, given, changing.retry)


async def _changed(
    store: Store, caller: Caller, number: int, given: WhyChanged | None, do: Callable[[Connection, int, By], BuildJob]
) -> ShownBuild:
    """Change a build job. Raises NotPermittedError, NotFoundError, ConflictError."""
    caller.require(Right.CHANGE_BUILDS)
    why = "" if given is None else given.why
    by = By(caller.user, caller.via, time.time(), why, caller.origin, caller.name)

    def work(connection: Connection) -> BuildJob:
        made = do(connection, number, by)
        return builds.get_job(connection, made.id) or made

    try:
        return ShownBuild.of(await store.write(work))
    except ConfigError as error:
        raise ConflictError(error.message) from error
