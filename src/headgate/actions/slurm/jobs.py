"""``slurm.job.*``: looking at jobs and changing them, whosever they are."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from headgate.actions.action import Call, Parameters, action
from headgate.actions.refusals import PartlyFailedError
from headgate.actions.slurm.asking import Jobs, asked_for, in_words, operator_of, whole
from headgate.errors import NotFoundError
from headgate.model.change import Changes, Facts
from headgate.model.role import Role
from headgate.slurm.commands.job_updates import PYSLURM_KEYS, JobOrder

_JOBS: Final = "Jobs by number: `12`, `12_3`; an array's is all its tasks. Nothing is done unless Slurm knows them all."


class JobFind(Parameters):
    """Parameters of ``slurm.job.find``."""

    criterias: dict[str, str | int | float | bool | None] = Field(
        description="What their records shall be equal to, by the names of `slurm.job.get`."
    )


@action("slurm.job.find", role=Role.VIEWER)
async def find(asked: JobFind, call: Call) -> list[int]:
    """Find the jobs that slurmctld knows and whose record equals every criterion; answer with their numbers."""
    with asked_for():
        return await operator_of(call).jobs.find(dict(asked.criterias))


class JobGet(Parameters):
    """Parameters of ``slurm.job.get``."""

    jobids: Jobs = Field(description="Jobs by number: `12`, `12_3`; an array's is all its tasks.")


@action("slurm.job.get", role=Role.VIEWER)
async def get(asked: JobGet, call: Call) -> dict[str, list[Facts]]:
    """Get what slurmctld knows of jobs, by PySlurm's names: for each number a list, since an array has many records.

    slurmctld forgets a job some minutes after its end. One that it does not know is an error.
    """
    with asked_for():
        found = await operator_of(call).jobs.get(asked.jobids)
    missing = [job for job, records in found.items() if not records]
    words = f"Slurm has no job {', '.join(missing[:10])} in its queue"
    if len(missing) == len(found):
        raise NotFoundError(words)
    if missing:
        raise PartlyFailedError(words, result=found)
    return found


class JobStepGet(Parameters):
    """Parameters of ``slurm.job.step.get``."""

    jobids: Jobs = Field(description="Jobs by number: `12`, `12_3`; an array's is all its tasks.")


@action("slurm.job.step.get", role=Role.VIEWER)
async def step_get(asked: JobStepGet, call: Call) -> dict[str, dict[str, Facts]]:
    """Get the steps of jobs that run now, by PySlurm's names; a job without any has none.

    Steps are called `0`, `1`, `batch`, `extern`; where an array is asked for, with its task: `3.0`.
    """
    with asked_for():
        return await operator_of(call).jobs.steps(asked.jobids)


class JobChange(Parameters):
    """Parameters of actions on jobs."""

    jobids: Jobs = Field(description=_JOBS)


@action("slurm.job.cancel", role=Role.OPERATOR, mutating=True)
async def cancel(asked: JobChange, call: Call) -> Changes:
    """End jobs, or take them out of the queue."""
    return await _order(asked, JobOrder.CANCEL, call)


@action("slurm.job.hold", role=Role.OPERATOR, mutating=True)
async def hold(asked: JobChange, call: Call) -> Changes:
    """Keep waiting jobs from starting; only an administrator can release them."""
    return await _order(asked, JobOrder.HOLD, call)


@action("slurm.job.release", role=Role.OPERATOR, mutating=True)
async def release(asked: JobChange, call: Call) -> Changes:
    """Let held jobs start."""
    return await _order(asked, JobOrder.RELEASE, call)


class JobRequeue(Parameters):
    """Parameters of ``slurm.job.requeue``."""

    jobids: Jobs = Field(description=_JOBS)
    hold: bool = Field(False, description="Whether they are held then.")


@action("slurm.job.requeue", role=Role.OPERATOR, mutating=True, repeatable=False)
async def requeue(asked: JobRequeue, call: Call) -> Changes:
    """Put jobs that run, or are over, back into the queue."""
    return await _order(asked, JobOrder.REQUEUE_HOLD if asked.hold else JobOrder.REQUEUE, call)


class JobUpdate(Parameters):
    """Parameters of ``slurm.job.update``."""

    jobids: Jobs = Field(description=_JOBS)
    infos: dict[str, str | int | float | bool | list[str] | None] = Field(
        min_length=1,
        description="What they shall have, by the names of `slurm.job.get`: `time_limit`, `partition`, `priority`, "
        "`qos`, `resv_name` and others.",
    )


@action("slurm.job.update", role=Role.OPERATOR, mutating=True)
async def update(asked: JobUpdate, call: Call) -> Changes:
    """Change jobs."""
    infos = in_words(asked.infos, PYSLURM_KEYS, "job")
    with asked_for():
        return whole(await operator_of(call).jobs.update(asked.jobids, infos, dry_run=call.dry_run))


async def _order(asked: JobChange | JobRequeue, order: JobOrder, call: Call) -> Changes:
    with asked_for():
        return whole(await operator_of(call).jobs.order(asked.jobids, order, dry_run=call.dry_run))


ACTIONS: Final = (find, get, step_get, cancel, hold, release, requeue, update)
