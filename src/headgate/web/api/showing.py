"""Jobs as the API shows them: what the store has of submissions, with what the watcher last saw of their Slurm jobs."""

from __future__ import annotations

import functools
import pwd
from collections.abc import Sequence

from sqlalchemy import Connection

from headgate.errors import NotFoundError
from headgate.gateway.gateway import Gateway
from headgate.gateway.owner import Owner
from headgate.model.states import read_state
from headgate.model.submission import Phase, Submission
from headgate.store import submissions
from headgate.store.jobs import StoredJob, known_of
from headgate.web.api.bodies import ShownJob, SlurmJob


async def show(at: Gateway, own: Submission) -> ShownJob:
    """Show one job."""
    return (await show_all(at, [own]))[0]


async def show_one(at: Gateway, owner: Owner, job_id: str) -> ShownJob:
    """Show the job of this app and user that has an id, with one look at the store. Raises NotFoundError."""

    def work(connection: Connection) -> ShownJob | None:
        own = submissions.get(connection, owner.app.id, job_id, owner.user)
        return None if own is None else shown([own], known(connection, [own]))[0]

    found = await at.store.read(work)
    if found is None:
        raise NotFoundError("there is no such job")
    return found


async def show_all(at: Gateway, several: Sequence[Submission]) -> list[ShownJob]:
    """Show jobs, with one look at the store for all."""
    if all(own.job_id is None for own in several):
        return shown(several, {})
    return shown(several, await at.store.read(lambda connection: known(connection, several)))


def known(connection: Connection, several: Sequence[Submission]) -> dict[tuple[str, int], StoredJob]:
    """Return what the watcher knows of jobs, by cluster and id."""
    ids = sorted({(own.cluster, own.job_id) for own in several if own.job_id is not None})
    return known_of(connection, ids) if ids else {}


def shown(several: Sequence[Submission], seen: dict[tuple[str, int], StoredJob]) -> list[ShownJob]:
    """Show jobs, given what the watcher knows of them by cluster and id."""
    return [ShownJob.of(own, slurm_job(own, seen.get((own.cluster, own.job_id or 0)))) for own in several]


def slurm_job(own: Submission, known: StoredJob | None) -> SlurmJob | None:
    """Return a job's Slurm side, by Slurmer's names; None before there is one."""
    if own.job_id is None:
        return None
    its = known is not None and known.data.get("user") == own.user  # else somebody else's job has its number now
    data = known.data if known is not None and its else {}
    state = own.state or ("UNKNOWN" if own.phase is Phase.ENDED else str(data.get("state") or "PENDING"))
    reading = read_state(state)
    waiting = reading is not None and reading.state is not None and not reading.state.terminal
    reason = str(own.outcome.get("reason") or "") or (str(data.get("reason") or "") if waiting else "")
    options = own.request.get("options")
    account = str(data.get("account") or (options.get("account") if isinstance(options, dict) else "") or "")
    return SlurmJob(
        account=account,
        job_id=own.job_id,
        job_state=state,
        state_description="",
        state_reason=reason or "None",
        name=own.name,
        user_name=own.user,
        user_id=_number_of(own.user),
    )


@functools.lru_cache(maxsize=10_000)
def _number_of(user: str) -> int:
    """Return a user's number on this host; 0 if it does not know it."""
    try:
        return pwd.getpwnam(user).pw_uid
    except (KeyError, ValueError):
        return 0
