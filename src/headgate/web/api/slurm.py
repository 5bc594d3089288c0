"""slurm-proxy's private routes, which it passed on to slurmrestd: answered from what Headgate knows, and authorised."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection

from headgate.errors import NotFoundError
from headgate.gateway.apps import Principal
from headgate.gateway.gateway import Gateway
from headgate.gateway.refusals import BadRequestError
from headgate.gateway.request import JobRequest
from headgate.gateway.tasks.raw import files_of, request_of
from headgate.store import jobs
from headgate.store.jobs import StoredJob
from headgate.web.api.asking import At
from headgate.web.api.tasks import Asker, owner_for

router = APIRouter(prefix="/slurm", tags=["tasks"])
_MOST = 10_000
Username = Annotated[str | None, Query(max_length=64, description="Whose jobs.")]


class Passed(BaseModel):
    """An answer in slurm-proxy's wrapper."""

    slurm_query_username: str
    slurm_query_url: str = Field(description="slurm-proxy's; empty, since nothing is passed on.")
    response: dict[str, Any]


class RawSubmission(BaseModel):
    """A job as slurmrestd takes it, and whose it is."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$")
    script: str | None = Field(None, min_length=1)
    job: dict[str, Any]


@router.get("/diag")
async def diagnose(principal: Asker, at: At, username: Username = None) -> Passed:
    """Say how the cluster is: how many jobs wait and run, and when the queue was last seen."""
    del principal
    clusters = list(at.ways)
    counts = await at.store.read(lambda c: [jobs.counted(c, name) for name in clusters])
    statistics = {
        name: {"jobs_by_state": dict(found.states), "queue_seen_at": found.seen_at}
        for name, found in zip(clusters, counts, strict=True)
    }
    return Passed(slurm_query_username=username or "", slurm_query_url="", response={"statistics": statistics})


@router.get("/jobs/{update_time}")
async def list_jobs(
    principal: Asker, at: At, update_time: Annotated[int, Path(ge=0, lt=1 << 40)], username: Username = None
) -> Passed:
    """List jobs that changed since a time, of users this app may act for."""
    found = await at.store.read(lambda c: jobs.seen_since(c, update_time, username, _MOST))
    shown = [_shown(one) for one in found if await _allowed(at, principal, one)]
    return Passed(slurm_query_username=username or "", slurm_query_url="", response={"jobs": shown})


@router.get("/job/{job_id}/")
@router.get("/job/{job_id}", include_in_schema=False)
async def show_job(
    principal: Asker, at: At, job_id: Annotated[int, Path(ge=1, lt=1 << 31)], username: Username = None
) -> Passed:
    """Show a job, if its user is one this app may act for."""

    def work(connection: Connection) -> list[StoredJob]:
        return list(jobs.known_of(connection, [(name, job_id) for name in at.ways]).values())

    found = [one for one in await at.store.read(work) if username in (None, one.data.get("user"))]
    shown = [_shown(one) for one in found if await _allowed(at, principal, one)]
    if not shown:
        raise NotFoundError("there is no such job")
    return Passed(slurm_query_username=username or "", slurm_query_url="", response={"jobs": shown})


@router.post("/job/submit/")
@router.post("/job/submit", include_in_schema=False)
async def submit(principal: Asker, at: At, given: RawSubmission) -> Passed:
    """Submit a job that is described as slurmrestd takes it. It runs as its user, who is never root."""
    owner = await owner_for(at, principal, given.username)
    described = request_of(given.script, given.job)
    try:
        request = JobRequest.model_validate(described)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRequestError(f"job: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    made, _ = await at.submissions.create(owner, request, start=True, more=files_of(given.job))
    response: dict[str, Any] = {"job_id": made.job_id, "step_id": "BATCH", "job_submit_user_msg": "", "errors": []}
    return Passed(slurm_query_username=owner.user, slurm_query_url="", response={**response, "submission": made.id})


async def _allowed(at: Gateway, principal: Principal, job: StoredJob) -> bool:
    user = job.data.get("user")
    if principal.app is None or not isinstance(user, str) or principal.user not in (None, user):
        return False
    return await at.apps.may_act_for(principal.app, user)


def _shown(job: StoredJob) -> dict[str, Any]:
    data = job.data
    return {
        "job_id": job.attempt.job_id,
        "array_job_id": job.array_id or 0,
        "cluster": job.attempt.cluster,
        "name": data.get("name"),
        "user": data.get("user"),
        "account": data.get("account"),
        "partition": data.get("partition"),
        "state": {"current": [data.get("state")], "reason": data.get("reason") or "None"},
        "time": {"submission": job.attempt.submitted},
    }
