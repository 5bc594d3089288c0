"""``slurm.node.*``: looking at nodes and changing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal

from pydantic import Field

from headgate.actions.action import Call, Parameters, action
from headgate.actions.refusals import ParametersError, PartlyFailedError
from headgate.actions.slurm.asking import Hosts, as_words, asked_for, known, operator_of, whole
from headgate.model.change import Changes, Value
from headgate.model.role import Role
from headgate.slurm.commands.node_updates import NEED_REASON, NodeKey, NodeOrder
from headgate.slurm.operating.node_orders import PYSLURM_KEYS
from headgate.slurm.operating.nodes import Drained
from headgate.slurm.pyslurm import nodes as pyslurm
from headgate.slurm.pyslurm.nodes import Record

_NODES: Final = "Hostlists: nodes by name, also `n[1-3]`. Nothing is done unless Slurm knows all of them."
_FORCE: Final = "Whether to change nodes too that somebody else gave a reason."
_ORDERS: Final = {order.value: order for order in NodeOrder}
_STATES: Final = ("state", "node_state")


class NodeGet(Parameters):
    """Parameters of ``slurm.node.get``."""

    nodes: Hosts = Field(description="Hostlists: nodes by name, also `n[1-3]`.")


@action("slurm.node.get", role=Role.VIEWER)
async def get(asked: NodeGet, call: Call) -> dict[str, Record]:
    """Get what Slurm knows of nodes, by PySlurm's names.

    Memory is in MB, times are in seconds since the epoch, `cpu_load` in hundredths. `state` is the base state and all
    flags: `MIXED+DRAIN`.
    """
    with asked_for():
        found = await operator_of(call).nodes.get(asked.nodes)
    return {name: pyslurm.record(node) for name, node in found.items()}


class NodeDrain(Parameters):
    """Parameters of ``slurm.node.drain``."""

    nodes: Hosts = Field(description=_NODES)
    reason: str = Field("ST2: Drained using slurm.node.drain action", max_length=1000, description="Why, in one line.")
    force: bool = Field(False, description=_FORCE)


@action("slurm.node.drain", role=Role.OPERATOR, mutating=True)
async def drain(asked: NodeDrain, call: Call) -> Changes:
    """Let nodes take no new jobs. Those on them go on.

    A node that somebody else drained stays drained, with their reason. A node that is down, or about to fail, for
    somebody else's reason is left alone, and that is an error.
    """
    with asked_for():
        changes = await operator_of(call).nodes.drain(
            asked.nodes, asked.reason, force=asked.force, dry_run=call.dry_run
        )
    return whole(changes)


class NodeDown(Parameters):
    """Parameters of ``slurm.node.down``."""

    nodes: Hosts = Field(description=_NODES)
    reason: str = Field("ST2: Downed using slurm.node.down action", max_length=1000, description="Why, in one line.")
    force: bool = Field(False, description=_FORCE)


@action("slurm.node.down", role=Role.OPERATOR, mutating=True)
async def down(asked: NodeDown, call: Call) -> Changes:
    """Take nodes out of service at once. Jobs on them are ended, or requeued.

    A node that is down already stays so, with its reason. A node that is out of service for somebody else's reason is
    left alone, and that is an error.
    """
    with asked_for():
        changes = await operator_of(call).nodes.down(asked.nodes, asked.reason, force=asked.force, dry_run=call.dry_run)
    return whole(changes)


class NodeResume(Parameters):
    """Parameters of ``slurm.node.resume``."""

    nodes: Hosts = Field(description=_NODES)
    force: bool = Field(False, description="Whether to resume nodes too that somebody else took out of service.")


@action("slurm.node.resume", role=Role.OPERATOR, mutating=True)
async def resume(asked: NodeResume, call: Call) -> Changes:
    """Put nodes back into service.

    Nodes that are in service stay as they are. Nodes that somebody else took out of service are left alone, and that is
    an error.
    """
    with asked_for():
        changes = await operator_of(call).nodes.resume(asked.nodes, force=asked.force, dry_run=call.dry_run)
    return whole(changes)


class NodeUpdate(Parameters):
    """Parameters of ``slurm.node.update``."""

    nodes: Hosts = Field(description=_NODES)
    infos: dict[str, str | int | float | bool | list[str] | None] = Field(
        min_length=1,
        description="What they shall have, by the names of `slurm.node.get`: `weight`, `features`, `comment`, "
        "`reason`, `state` (`DRAIN`, `DOWN`, `FAIL`, `RESUME` and so on) and others.",
    )
    force: bool = Field(False, description=_FORCE)


@action("slurm.node.update", role=Role.OPERATOR, mutating=True)
async def update(asked: NodeUpdate, call: Call) -> Changes:
    """Give nodes new values.

    Values are set first, and then the state. New features are active, unless others of the node were not.
    """
    operator = operator_of(call).nodes
    order, reason, infos = _orders(asked.infos)
    with asked_for():
        if order is None:
            return whole(await operator.update(asked.nodes, infos, force=asked.force, dry_run=call.dry_run))
        if not infos:
            ordered = operator.order(asked.nodes, order, reason, force=asked.force, dry_run=call.dry_run)
            return whole(await ordered)
        # Both are tried dry, so that a mistake in one of them is found before the other is done.
        await operator.update(asked.nodes, infos, dry_run=True)
        await operator.order(asked.nodes, order, reason, dry_run=True)
        first = await operator.update(asked.nodes, infos, force=asked.force, dry_run=call.dry_run)
        second = await operator.order(asked.nodes, order, reason, force=asked.force, dry_run=call.dry_run)
    return whole(_one_after_the_other(first, second))


class NodeReboot(Parameters):
    """Parameters of ``slurm.node.reboot``."""

    nodes: Hosts = Field(description=_NODES)
    asap: bool = Field(False, description="Whether they take no new jobs until then.")
    next_state: Literal["DOWN", "RESUME"] | None = Field(None, description="What they shall be after it.")
    reason: str = Field("", max_length=1000, description="Why, in one line.")
    force: bool = Field(False, description=_FORCE)


@action("slurm.node.reboot", role=Role.OPERATOR, mutating=True, repeatable=False)
async def reboot(asked: NodeReboot, call: Call) -> Changes:
    """Reboot nodes as soon as they have no job. Slurm must have a `RebootProgram`."""
    with asked_for():
        changes = await operator_of(call).nodes.reboot(
            asked.nodes,
            asap=asked.asap,
            next_state=asked.next_state,
            reason=asked.reason,
            force=asked.force,
            dry_run=call.dry_run,
        )
    return whole(changes)


class WaitDrained(Parameters):
    """Parameters of ``slurm.node.wait_drained``."""

    nodes: Hosts = Field(description=_NODES)
    timeout: int = Field(3600, ge=0, le=7 * 86400, description="Seconds to wait at most.")
    look_every: int = Field(5, ge=1, le=3600, description="Seconds between two looks.")


@action("slurm.node.wait_drained", role=Role.VIEWER)
async def wait_drained(asked: WaitDrained, call: Call) -> dict[str, Drained]:
    """Wait until nodes are drained: they take no new jobs and have none.

    A node that takes new jobs, or does so again, is an error at once; so are those that still have jobs when the time
    is over.
    """
    with asked_for():
        found = await operator_of(call).nodes.wait_drained(
            asked.nodes, patience=asked.timeout, look_every=asked.look_every
        )
    late = [name for name, one in found.items() if not one.drained]
    if late:
        lost = [name for name in late if found[name].error]
        words = f"not draining: {', '.join(lost[:10])}" if lost else f"still with jobs: {', '.join(late[:10])}"
        raise PartlyFailedError(words, result=found, transient=not lost)
    return found


def _orders(infos: Mapping[str, Value]) -> tuple[NodeOrder | None, str, dict[NodeKey, str]]:
    """Return the order, its reason, and the values in what is asked for."""
    values: dict[NodeKey, str] = {}
    order: NodeOrder | None = None
    for key, value in infos.items():
        if key in _STATES:
            order = _ORDERS.get(as_words(value).upper())
            if order is None:
                raise ParametersError(f"state is none of {', '.join(_ORDERS)}")
        else:
            known(key, [*PYSLURM_KEYS, "state"], "node")
            values[PYSLURM_KEYS[key]] = as_words(value)
    reason = values.pop(NodeKey.REASON, "") if order in NEED_REASON else ""
    return order, reason, values


def _one_after_the_other(first: Changes, second: Changes) -> Changes:
    return {
        name: replace(
            second[name],
            before={**(second[name].before or {}), **(one.before or {})},
            after={**(one.after or {}), **(second[name].after or {})},
            changed=one.changed or second[name].changed,
            error="; ".join(error for error in (one.error, second[name].error) if error) or None,
        )
        for name, one in first.items()
    }


ACTIONS: Final = (get, drain, down, resume, update, reboot, wait_drained)
