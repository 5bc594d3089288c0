"""Operating nodes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from headgate.errors import SlurmRefusedError
from headgate.model.change import Change, Changes, Facts
from headgate.model.node import Node, NodeFlag
from headgate.slurm.commands import node_updates
from headgate.slurm.commands.node_updates import NEED_REASON, NodeKey, NodeOrder
from headgate.slurm.operating.administration import Administration
from headgate.slurm.operating.node_orders import (
    Step,
    after_infos,
    after_order,
    after_reboot,
    facts_of,
    is_reached,
    may_reboot,
    plan,
    plan_infos,
)

LOOK_EVERY: Final = 5.0
"""Seconds between two looks at nodes that drain."""
NextState = Literal["DOWN", "RESUME"]


@dataclass(frozen=True, slots=True)
class Drained:
    """How far a node has drained. ``drained``: it takes no jobs and has none."""

    state: str
    drained: bool
    error: str | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be done to one node, and how to see that it was."""

    node: Node
    step: Step
    words: tuple[str, ...] = ()
    """The command but for its nodes."""
    foreseen: Facts | None = None
    keys: Mapping[NodeKey, str] | None = None


class NodeOperator:
    """Looks at nodes and changes them.

    Every method takes hostlists, each a node or many (``n[1-3]``). It raises ValueError for what is no hostlist, names
    no node or too many, and NotFoundError if Slurm does not know one of them: before anything is done. It raises
    SlurmError if Slurm does not answer. What Slurm refuses for one node stands in that node's ``Change``.

    ``force``: also where somebody else gave the node a reason. ``dry_run``: only say what would be done.
    """

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def get(self, hostlists: Sequence[str]) -> dict[str, Node]:
        """Return nodes by name."""
        return await self._administration.nodes(hostlists, bounded=False)

    async def drain(
        self, hostlists: Sequence[str], reason: str, *, force: bool = False, dry_run: bool = False
    ) -> Changes:
        """Let nodes take no new jobs. Those that somebody else drained stay so, and keep that reason."""
        return await self.order(hostlists, NodeOrder.DRAIN, reason, force=force, dry_run=dry_run)

    async def down(
        self, hostlists: Sequence[str], reason: str, *, force: bool = False, dry_run: bool = False
    ) -> Changes:
        """Take nodes out of service at once; jobs on them are ended, or requeued."""
        return await self.order(hostlists, NodeOrder.DOWN, reason, force=force, dry_run=dry_run)

    async def resume(self, hostlists: Sequence[str], *, force: bool = False, dry_run: bool = False) -> Changes:
        """Put nodes back into service. For about a second they may show that they do not respond."""
        return await self.order(hostlists, NodeOrder.RESUME, force=force, dry_run=dry_run)

    async def order(
        self,
        hostlists: Sequence[str],
        order: NodeOrder,
        reason: str = "",
        *,
        force: bool = False,
        dry_run: bool = False,
    ) -> Changes:
        """Give nodes an order. Raises ValueError also if it needs a reason and there is none."""
        if order in NEED_REASON and not reason.strip():
            raise ValueError(f"{order.value} needs a reason")
        given = {NodeKey.REASON: reason} if order in NEED_REASON else {}
        words = tuple(node_updates.update_words(order=order, infos=given))
        nodes, ours = await self._look(hostlists)
        tasks = {
            name: _Task(node, plan(node, order, reason, ours=ours[name], force=force), words,
                        after_order(node, order, reason))
            for name, node in nodes.items()
        }  # fmt: skip
        changes = await self._carry_out(tasks, reason, lambda node, _: is_reached(node.state, order), dry_run=dry_run)
        return changes if dry_run or order not in NEED_REASON else _checked(changes, tasks, order)

    async def update(
        self, hostlists: Sequence[str], infos: Mapping[NodeKey, str], *, force: bool = False, dry_run: bool = False
    ) -> Changes:
        """Give nodes new values: features, weight, comment and so on."""
        if not infos:
            raise ValueError("nothing is to be changed")
        node_updates.update_words(infos=infos)
        nodes, ours = await self._look(hostlists)
        tasks = {}
        for name, node in nodes.items():
            step, wanted = plan_infos(node, infos, ours=ours[name], force=force)
            words = tuple(node_updates.update_words(infos=wanted)) if step.do else ()
            tasks[name] = _Task(node, step, words, after_infos(node, wanted), infos)
        reason = infos.get(NodeKey.REASON, "")
        return await self._carry_out(
            tasks, reason, lambda node, task: not plan_infos(node, task.keys or {}, ours=True)[0].do, dry_run=dry_run
        )

    async def reboot(
        self,
        hostlists: Sequence[str],
        *,
        asap: bool = False,
        next_state: NextState | None = None,
        reason: str = "",
        force: bool = False,
        dry_run: bool = False,
    ) -> Changes:
        """Reboot nodes when they have no job. ``asap``: they take no new ones. ``next_state``: what they are then."""
        words = tuple(node_updates.reboot_words(asap=asap, next_state=next_state, reason=reason))
        nodes, ours = await self._look(hostlists)
        tasks = {
            name: _Task(node, may_reboot(node, ours=ours[name], force=force), words, after_reboot(node, asap=asap))
            for name, node in nodes.items()
        }
        asked = {NodeFlag.REBOOT_REQUESTED, NodeFlag.REBOOT_ISSUED}
        return await self._carry_out(tasks, reason, lambda node, _: bool(node.state.flags & asked), dry_run=dry_run)

    async def wait_drained(
        self, hostlists: Sequence[str], *, patience: float, look_every: float = LOOK_EVERY
    ) -> dict[str, Drained]:
        """Wait until all nodes are drained: they take no jobs and have none. Returns how far they are.

        It ends before if one of them takes jobs again, or after ``patience`` seconds.
        """
        names = self._administration.names(hostlists)
        deadline = time.monotonic() + patience
        while True:
            found = {name: _drained(node) for name, node in (await self._administration.nodes(names)).items()}
            left = deadline - time.monotonic()
            if left <= 0 or all(one.drained for one in found.values()) or any(one.error for one in found.values()):
                return found
            await asyncio.sleep(min(look_every, left))

    async def _look(self, hostlists: Sequence[str]) -> tuple[dict[str, Node], dict[str, bool]]:
        """Return the nodes, and of which of them the reason is ours."""
        administration = self._administration
        nodes = await administration.nodes(hostlists)
        owner = await administration.owner()
        kept = await administration.reasons.recall(await administration.client.cluster_name(), list(nodes))
        return nodes, {name: owner.owns(node, kept.get(name)) for name, node in nodes.items()}

    async def _carry_out(
        self, tasks: Mapping[str, _Task], reason: str, is_done: Callable[[Node, _Task], bool], *, dry_run: bool
    ) -> Changes:
        """Do what is to be done, nodes that get the same by one command, and look at what became of them."""
        if dry_run:
            return {name: _foreseen(task) for name, task in tasks.items()}
        alike: dict[tuple[str, ...], list[str]] = {}
        for name, task in tasks.items():
            if task.step.do:
                alike.setdefault(task.words, []).append(name)
        errors: dict[str, str] = {}
        for words, names in alike.items():
            if reason:
                # Before it is given: what is written down and was not given is no node's reason.
                cluster = await self._administration.client.cluster_name()
                await self._administration.reasons.remember(cluster, names, reason)
            errors |= await self._tell(words, names, lambda node: is_done(node, tasks[node.name]))
        after = await self._administration.nodes(list(tasks))
        return {name: _change(task, after[name], errors.get(name)) for name, task in tasks.items()}

    async def _tell(
        self, words: Sequence[str], names: Sequence[str], is_done: Callable[[Node], bool]
    ) -> dict[str, str]:
        """Give one command to nodes; where it fails, ask each of them that is not yet as wanted alone."""
        try:
            await self._administration.ask(node_updates.addressed(words, names))
        except SlurmRefusedError as error:
            if len(names) == 1:
                return {names[0]: error.message}
        else:
            return {}
        errors: dict[str, str] = {}
        now = await self._administration.nodes(names)
        for name in names:
            if not is_done(now[name]):
                errors |= await self._tell(words, [name], is_done)
        return errors


def _foreseen(task: _Task) -> Change:
    before = facts_of(task.node, task.keys)
    if not task.step.do:
        return Change(before, before, changed=False, error=task.step.error)
    return Change(before, task.foreseen, changed=before != task.foreseen)


def _change(task: _Task, after: Node, error: str | None) -> Change:
    facts = facts_of(task.node, task.keys), facts_of(after, task.keys)
    return Change(*facts, changed=task.step.do and facts[0] != facts[1], error=error or task.step.error)


def _checked(changes: Changes, tasks: Mapping[str, _Task], order: NodeOrder) -> Changes:
    """Add what Slurm took without doing it."""
    checked = {}
    for name, change in changes.items():
        state = str((change.after or {}).get("state"))
        lost = tasks[name].step.do and change.error is None and order.value not in state.split("+")
        error = f"Slurm took it, and the node is {state}" if lost else change.error
        checked[name] = Change(change.before, change.after, change.changed, error)
    return checked


def _drained(node: Node) -> Drained:
    draining = NodeFlag.DRAIN in node.state.flags
    return Drained(node.state.text, node.state.drained, None if draining else "is not draining")
