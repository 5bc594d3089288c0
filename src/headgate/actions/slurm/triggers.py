"""``slurm.trigger.*``: programs that slurmctld starts when something happens."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from headgate.actions.action import Call, NoParameters, Parameters, action
from headgate.actions.refusals import ParametersError
from headgate.actions.slurm.asking import Hosts, Text, asked_for, operator_of, whole
from headgate.model.change import Changes
from headgate.model.role import Role
from headgate.slurm.commands.triggers import Trigger, TriggerEvent, TriggerPlan, read_event


def _numbers(given: object) -> object:
    if isinstance(given, int) and not isinstance(given, bool):
        return (given,)
    return tuple(given) if isinstance(given, list) else given


class TriggerSet(Parameters):
    """Parameters of ``slurm.trigger.set``."""

    program: str = Field(
        min_length=1,
        max_length=4096,
        description="Absolute path of the program, and words between blanks. Everybody on the cluster can read it.",
    )
    jobid: Text | None = Field(
        None, description="The job it is about, with `fini` or with `offset` from its time limit."
    )
    offset: int = Field(0, description="Seconds after it happens, or before if negative.")
    fini: bool = Field(False, description="Whether it waits for the end of the job.")
    nodes: Hosts | None = Field(None, description="Hostlists: the nodes it is about; else all.")
    event: str | None = Field(
        None,
        description="What it waits for: `burst_buffer`, `drained` (or `drain`), `down`, `fail`, `up`, `idle`, "
        "`reconfig`; from Slurm 23.02 on also `draining`, `resume`.",
    )
    permanent: bool = Field(False, description="Whether it is set again by itself each time it has fired.")


@action("slurm.trigger.set", role=Role.ADMIN, mutating=True)
async def set_(asked: TriggerSet, call: Call) -> int | None:
    """Set a trigger, and answer with its number; that of the same one if it is set already.

    slurmctld runs the program as SlurmUser. A dry run answers with the number of the same trigger, or nothing. Slurm
    has no trigger of a job's start. Those that would fire for ever are refused.
    """
    with asked_for():
        plan = _plan(asked)
        triggers = operator_of(call).triggers
        return await triggers.check(plan) if call.dry_run else await triggers.set(plan)


class TriggerUnset(Parameters):
    """Parameters of ``slurm.trigger.unset``."""

    trigger_ids: Annotated[tuple[int, ...], BeforeValidator(_numbers)] = Field(
        min_length=1,
        max_length=1000,
        description="Triggers by number. Nothing is done unless the user set all of them.",
    )
    user: str = Field("slurm", min_length=1, max_length=256, description="Whose triggers they are.")


@action("slurm.trigger.unset", role=Role.ADMIN, mutating=True)
async def unset(asked: TriggerUnset, call: Call) -> Changes:
    """Remove triggers."""
    with asked_for():
        changes = await operator_of(call).triggers.unset(asked.trigger_ids, asked.user, dry_run=call.dry_run)
    return whole(changes)


@action("slurm.trigger.list", role=Role.VIEWER)
async def list_(asked: NoParameters, call: Call) -> list[Trigger]:  # noqa: ARG001 - it takes none
    """List all triggers, whoever set them."""
    return await operator_of(call).triggers.list()


def _plan(asked: TriggerSet) -> TriggerPlan:
    return TriggerPlan(
        program=asked.program,
        event=_event(asked),
        nodes=asked.nodes,
        job=asked.jobid,
        offset=asked.offset,
        permanent=asked.permanent,
    )


def _event(asked: TriggerSet) -> TriggerEvent:
    if asked.event is not None:
        return read_event(asked.event)
    if asked.jobid is None:
        raise ParametersError("either an event or a job is needed")
    if asked.fini:
        return TriggerEvent.FINI
    if asked.offset:
        return TriggerEvent.TIME
    raise ParametersError("Slurm has no trigger of a job's start: give fini, or an offset from its time limit")


ACTIONS: Final = (set_, unset, list_)
