"""slurm-proxy's routes: a task is submitted, watched and told of when it is over.

They need an app's token, unless the administrator opens them to named addresses. The user is the task's own.
"""

from __future__ import annotations

import re
import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Security
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from headgate.errors import NotFoundError
from headgate.gateway.apps import Principal
from headgate.gateway.gateway import Gateway
from headgate.gateway.owner import Owner
from headgate.gateway.refusals import BadRequestError, NotAllowedError, UnknownAppError
from headgate.gateway.tasks.submitting import monitored, submit_task
from headgate.gateway.tasks.task import MonitoredTask, Task
from headgate.model.states import JobState, read_state
from headgate.model.submission import Submission
from headgate.store import submissions
from headgate.store.submissions import SubmissionFilter
from headgate.web.addresses import address_of, within
from headgate.web.api.asking import At, bearer_header, principal_of, token_header
from headgate.web.api.bodies import ShownJob
from headgate.web.api.showing import show_all

router = APIRouter(tags=["tasks"])
_MOST: Final = 1000
_USER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")


_EXAMPLE: Final[dict[str, Any]] = {
    "name": "generic",
    "username": "ada",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "cwd": "/home/ada/run",
    "cmd": "/usr/bin/fit",
    "params": ["--steps", "100"],
    "dirs": {"parent": "/home/ada/run", "output": "/home/ada/run/out", "error": "/home/ada/run/out"},
    "slurm": {"partition": "main", "time": 2, "mem": 4000, "output": "fit.out", "error": "fit.err"},
    "notification": {"methods": ["email"], "params": {"email": {"recipient": "ada@example.org"}}},
}


class TaskGiven(BaseModel):
    """A task that is to be submitted."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"task": _EXAMPLE}]})

    task: Task


class Submitted(BaseModel):
    """A task that was submitted."""

    uuid: str
    slurm_job_id: int


class Monitor(BaseModel):
    """A job that was submitted elsewhere, and is to be watched."""

    model_config = ConfigDict(extra="forbid")

    task: MonitoredTask
    slurm_job_id: int = Field(ge=1, lt=1 << 31)
    slurm_job_state: str | None = Field(None, max_length=64)


class MonitorGiven(BaseModel):
    """What is to be watched."""

    model_config = ConfigDict(extra="forbid")

    monitor: Monitor


class SlurmSide(BaseModel):
    """What Slurm says of a job."""

    username: str
    job_id: int
    job_state: str


class MonitorRecord(BaseModel):
    """What is kept of a task. Times are seconds since the epoch."""

    slurm_username: str
    slurm_job_id: int
    slurm_job_state: str
    task: dict[str, Any]
    created_at: float
    updated_at: float | None


class Watched(BaseModel):
    """A task, as Slurm sees it and as it is kept."""

    slurm: SlurmSide
    monitor: MonitorRecord


class ListedJob(BaseModel):
    """A job in a list by state. Times are seconds since the epoch; ``elapsed`` in seconds."""

    job_id: int
    job_name: str
    state: str
    user: str
    partition: str
    time: str
    start: float | None
    end: float | None
    elapsed: float | None


class Listed(BaseModel):
    """Jobs in one state."""

    jobs: list[ListedJob] | None


async def task_principal(
    request: Request,
    at: At,
    token: Annotated[str | None, Security(token_header)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer_header)],
) -> Principal:
    """Say who asks: an app by its token, or whoever comes from an address to which the routes are open."""
    if token or credentials:
        return await principal_of(request, at, token, credentials)
    address = address_of(request, at.settings.trusted_proxies)
    if not within(address, at.settings.tasks_open_to):
        raise UnknownAppError("a token is missing: X-Auth-Token, or Authorization: Bearer")
    app = await at.apps.named(at.settings.tasks_app)
    if app.disabled:
        raise NotAllowedError(f"the app {app.name} is switched off")
    at.pace.take(app)
    return Principal(app, "open to this address", address=address)


Asker = Annotated[Principal, Depends(task_principal)]


async def owner_for(at: Gateway, principal: Principal, user: str) -> Owner:
    """Return whose job it is about. Raises NotAllowedError, BadRequestError."""
    if not _USER.fullmatch(user):
        raise BadRequestError("the task's username names no account")
    acting = await at.apps.acting_for(principal, user)
    if principal.app is None or not await at.apps.may_act_for(principal.app, acting):
        raise NotAllowedError("the app may not act for this user")
    return Owner(principal, principal.app, acting)


@router.get("/ping", response_class=PlainTextResponse)
async def ping() -> str:
    """Say that the API answers."""
    return "pong"


@router.post("/submit")
async def submit(given: TaskGiven, principal: Asker, at: At) -> Submitted:
    """Submit a task as its user: one job; the directories are made before. A ``uuid`` that was used is refused."""
    owner = await owner_for(at, principal, given.task.username)
    made = await submit_task(at, owner, given.task)
    return Submitted(uuid=given.task.uuid, slurm_job_id=made.job_id or 0)


@router.post("/monitor")
async def monitor(given: MonitorGiven, principal: Asker, at: At) -> MonitorRecord:
    """Watch a job that was submitted elsewhere; it has to be the task's user's own."""
    owner = await owner_for(at, principal, given.monitor.task.username)
    return _record(await monitored(at, owner, given.monitor.task, given.monitor.slurm_job_id))


@router.get("/monitor/slurm_job_id/{job_id}")
async def by_job(
    principal: Asker,
    at: At,
    job_id: Annotated[int, Path(ge=1, lt=1 << 31)],
    username: Annotated[str | None, Query(max_length=64, description="Whose job it is.")] = None,
) -> Watched:
    """Show a task by its Slurm job."""
    return _watched(await _of_job(at, principal, job_id, username))


@router.get("/monitor/task_uuid/{uuid}")
async def by_uuid(principal: Asker, at: At, uuid: Annotated[str, Path(min_length=1, max_length=128)]) -> Watched:
    """Show a task by its uuid."""
    found = await at.store.read(lambda c: submissions.of_task(c, _app(principal), uuid))
    return _watched(await _allowed(at, principal, found))


@router.get("/monitor/slurm_job_state/{state}")
async def by_state(principal: Asker, at: At, state: Annotated[str, Path(max_length=32)]) -> Listed:
    """List the app's jobs in one of Slurm's states, newest first."""
    reading = read_state(state)
    if reading is None or reading.state is None:
        known = ", ".join(one.text for one in JobState)
        raise BadRequestError(f"Invalid state key; there are: {known}")
    wanted = SubmissionFilter(user=principal.user, states=(reading.state.text,))
    found = await at.store.read(lambda c: submissions.find(c, _app(principal), wanted, limit=_MOST, newest=True))
    mine = [one for one in found if principal.app is not None and await at.apps.may_act_for(principal.app, one.user)]
    shown = await show_all(at, mine)
    return Listed(jobs=[_listed(own, one) for own, one in zip(mine, shown, strict=True)] or None)


@router.delete("/monitor/slurm_job_id/{job_id}")
async def end(principal: Asker, at: At, job_id: Annotated[int, Path(ge=1, lt=1 << 31)]) -> MonitorRecord:
    """Cancel a task's job as its user, and forget the task."""
    found = await _of_job(at, principal, job_id, None)
    owner = await owner_for(at, principal, found.user)
    await at.control.stop(owner, found)

    def work(connection: Connection) -> None:
        submissions.mark_deleted(connection, found, time.time())

    await at.store.write(work)
    return _record(found)


def _app(principal: Principal) -> str:
    if principal.app is None:
        raise NotAllowedError("an administrator's token manages apps; tasks are an app's")
    return principal.app.id


async def _of_job(at: Gateway, principal: Principal, job_id: int, user: str | None) -> Submission:
    found = await at.store.read(lambda c: submissions.of_job(c, _app(principal), job_id))
    if found is not None and user is not None and found.user != user:
        found = None
    return await _allowed(at, principal, found)


async def _allowed(at: Gateway, principal: Principal, found: Submission | None) -> Submission:
    """Return a task that this principal may see. Raises NotFoundError, for somebody else's too."""
    mine = found is not None and principal.user in (None, found.user) and found.task_uuid is not None
    if found is None or not mine or principal.app is None or not await at.apps.may_act_for(principal.app, found.user):
        raise NotFoundError("Job scheduler or monitor information not found")
    return found


def _watched(own: Submission) -> Watched:
    side = SlurmSide(username=own.user, job_id=own.job_id or 0, job_state=own.state or "UNKNOWN")
    return Watched(slurm=side, monitor=_record(own))


def _record(own: Submission) -> MonitorRecord:
    task = own.request.get("task")
    return MonitorRecord(
        slurm_username=own.user,
        slurm_job_id=own.job_id or 0,
        slurm_job_state=own.state or "UNKNOWN",
        task=dict(task) if isinstance(task, dict) else {},
        created_at=own.created_at,
        updated_at=own.ended_at or own.started_at or own.requested_at,
    )


def _listed(own: Submission, shown: ShownJob) -> ListedJob:
    options = own.request.get("options")
    chosen = options if isinstance(options, dict) else {}
    end = own.ended_at
    return ListedJob(
        job_id=own.job_id or 0,
        job_name=own.name,
        state=own.state or "UNKNOWN",
        user=own.user,
        partition=str(chosen.get("partition") or ""),
        time=str(chosen.get("time") or ""),
        start=shown.started_at,
        end=end,
        elapsed=None if own.started_at is None or end is None else max(0.0, end - own.started_at),
    )
