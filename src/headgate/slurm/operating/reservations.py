"""Operating reservations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from headgate.errors import NotFoundError, SlurmRefusedError
from headgate.model.change import Change, Changes, Facts
from headgate.model.reservation import Reservation, ReservationFlag
from headgate.slurm.commands import reservations
from headgate.slurm.commands.reservations import ReservationPlan
from headgate.slurm.operating.administration import Administration

MAINTENANCE: Final = ReservationPlan(
    start="now",
    duration="infinite",
    users=("root",),
    flags=(ReservationFlag.MAINT, ReservationFlag.IGNORE_JOBS, ReservationFlag.OVERLAP),
)
"""What nodes are reserved for if nobody says otherwise: maintenance, by root, for ever."""


class ReservationOperator:
    """Looks at reservations and changes them.

    Methods raise ValueError for what could not be said to Slurm, NotFoundError for a reservation or a node that Slurm
    does not know, SlurmRefusedError where Slurm refuses, and other SlurmError if it does not answer. ``dry_run``: only
    say what would be done.
    """

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def list(self) -> dict[str, Reservation]:
        """Return all reservations, by name."""
        return reservations.parse(await self._administration.ask(reservations.show_command()))

    async def create(self, name: str, plan: ReservationPlan, *, dry_run: bool = False) -> Change:
        """Make a reservation."""
        if plan.nodes is not None:
            plan = replace(plan, nodes=self._administration.names(plan.nodes))
        words = reservations.create_command(name, plan)
        if plan.nodes is not None:
            await self._administration.nodes(plan.nodes)
        if name in await self.list():
            raise SlurmRefusedError(f"there is a reservation {name} already")
        if dry_run:
            return Change(None, _planned({}, plan), changed=True)
        await self._administration.ask(words)
        return Change(None, await self._facts(name), changed=True)

    async def update(self, name: str, plan: ReservationPlan, *, dry_run: bool = False) -> Change:
        """Change a reservation. Of nodes, users, accounts and flags the full list is given; there are always nodes."""
        if plan.nodes is not None:
            plan = replace(plan, nodes=self._administration.names(plan.nodes))
        words = reservations.update_command(name, plan)
        if plan.nodes is not None:
            await self._administration.nodes(plan.nodes)
        before = _facts(await self._get(name))
        if dry_run:
            after = _planned(before, plan)
            return Change(before, after, changed=before != after)
        await self._administration.ask(words)
        after = await self._facts(name)
        return Change(before, after, changed=before != after)

    async def delete(self, name: str, *, dry_run: bool = False) -> Change:
        """Delete a reservation."""
        words = reservations.delete_command(name)
        before = _facts(await self._get(name))
        if not dry_run:
            await self._administration.ask(words)
            if name in await self.list():
                raise SlurmRefusedError(f"the reservation {name} is still there")
        return Change(before, None, changed=True)

    async def reserve(
        self, name: str, hostlists: Sequence[str], plan: ReservationPlan, *, dry_run: bool = False
    ) -> Changes:
        """Put nodes into a reservation, which is made if it is not there: as ``MAINTENANCE``, where ``plan`` is silent.

        ``plan`` changes one that is there, too.
        """
        names = self._administration.names(hostlists)
        reservations.create_command(name, replace(plan, nodes=names))
        nodes = list(await self._administration.nodes(hostlists))
        known = (await self.list()).get(name)
        had = set(known.nodes) if known else set()
        missing = [node for node in nodes if node not in had]
        if not dry_run:
            if known is None:
                await self._administration.ask(reservations.create_command(name, _complete(plan, nodes)))
            elif missing or plan != ReservationPlan():
                full = replace(plan, nodes=[*known.nodes, *missing] if missing else None)
                await self._administration.ask(reservations.update_command(name, full))
        return await self._membership(name, nodes, had, had | set(nodes), dry_run=dry_run)

    async def unreserve(self, name: str, hostlists: Sequence[str], *, dry_run: bool = False) -> Changes:
        """Take nodes out of a reservation; with its last node it is deleted. Nodes that are not in it stay as they are.

        Raises NotFoundError too if there is no such reservation.
        """
        nodes = list(await self._administration.nodes(hostlists))
        known = await self._get(name)
        had = set(known.nodes)
        left = [node for node in known.nodes if node not in nodes]
        if not dry_run and len(left) < len(had):
            # An empty list would make Slurm choose other nodes.
            full = reservations.update_command(name, ReservationPlan(nodes=left)) if left else None
            await self._administration.ask(full or reservations.delete_command(name))
        return await self._membership(name, nodes, had, set(left), dry_run=dry_run)

    async def _membership(
        self, name: str, nodes: Sequence[str], before: set[str], wanted: set[str], *, dry_run: bool
    ) -> Changes:
        """Return of each node whether it was, and is, in the reservation."""
        if dry_run:
            after = wanted
        else:
            known = (await self.list()).get(name)
            after = set(known.nodes) if known else set()
        return {node: _moved(name, node in before, node in after, node in wanted) for node in nodes}

    async def _get(self, name: str) -> Reservation:
        known = (await self.list()).get(name)
        if known is None:
            raise NotFoundError(f"there is no reservation {name[:64]!a}")
        return known

    async def _facts(self, name: str) -> Facts:
        return _facts(await self._get(name))


def _complete(plan: ReservationPlan, nodes: Sequence[str]) -> ReservationPlan:
    """Return a plan with its gaps filled from ``MAINTENANCE``."""
    end = plan.end is not None
    who = plan.users if plan.users is not None or plan.accounts is not None else MAINTENANCE.users
    return replace(
        plan,
        nodes=nodes,
        start=plan.start or MAINTENANCE.start,
        duration=plan.duration if plan.duration is not None or end else MAINTENANCE.duration,
        users=who,
        flags=plan.flags if plan.flags is not None else MAINTENANCE.flags,
    )


def _facts(reservation: Reservation) -> Facts:
    return {
        "nodes": list(reservation.nodes),
        "start_time": reservation.start,
        "end_time": reservation.end,
        "state": reservation.state,
        "flags": list(reservation.flags),
        "users": list(reservation.users),
        "accounts": list(reservation.accounts),
        "partition": reservation.partition,
        "comment": reservation.comment,
    }


def _planned(before: Facts, plan: ReservationPlan) -> Facts:
    """Return what a reservation would show, in the words of the plan where only Slurm could work it out."""
    given: Facts = {}
    for key, names in (("nodes", plan.nodes), ("users", plan.users), ("accounts", plan.accounts)):
        if names is not None:
            given[key] = list(names)
    for key, text in (
        ("start_time", plan.start), ("end_time", plan.end), ("duration", plan.duration), ("partition", plan.partition),
        ("comment", plan.comment), ("node_count", plan.node_count),
    ):  # fmt: skip
        if text is not None:
            given[key] = text
    if plan.flags is not None:
        given["flags"] = [flag.value for flag in plan.flags]
    return before | given


def _moved(name: str, before: bool, after: bool, wanted: bool) -> Change:
    shown: list[Facts] = [{"reservation": name if there else None} for there in (before, after)]
    error = None if after == wanted else f"Slurm took it, and the node is {'not ' if wanted else ''}in {name}"
    return Change(shown[0], shown[1], changed=before != after, error=error)
