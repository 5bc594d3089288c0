"""Operating a cluster: what its administrators do, as typed functions."""

from __future__ import annotations

from typing import Final

from headgate.errors import NotFoundError, SlurmCommandError
from headgate.model.change import Facts
from headgate.slurm.client import SlurmClient
from headgate.slurm.commands import configuration, ping
from headgate.slurm.commands.ping import Controller
from headgate.slurm.operating.administration import Administration
from headgate.slurm.operating.jobs import JobOperator
from headgate.slurm.operating.nodes import NodeOperator
from headgate.slurm.operating.own_reasons import OwnReasons
from headgate.slurm.operating.partitions import PartitionOperator
from headgate.slurm.operating.reservations import ReservationOperator
from headgate.slurm.operating.triggers import TriggerOperator
from headgate.slurm.pyslurm import configuration as pyslurm

MOST: Final = 64
"""Nodes, or jobs, that one operation may change unless somebody says otherwise."""


class SlurmOperator:
    """Looks at a cluster and changes it, by noun: ``operator.nodes.drain(["n[1-3]"], "disk")``.

    It runs Slurm's commands as the account of this process, which must be root, SlurmUser, or have the AdminLevel
    Administrator in accounting. ``most``: how many nodes or jobs one operation may change. ``reasons``: remembers which
    reasons were given to nodes, see ``headgate.slurm.operating.own_reasons``.
    """

    def __init__(self, client: SlurmClient, *, most: int = MOST, reasons: OwnReasons | None = None) -> None:
        self.client = client
        self._administration = Administration(client, most=most, reasons=reasons)
        self.nodes = NodeOperator(self._administration)
        self.reservations = ReservationOperator(self._administration)
        self.partitions = PartitionOperator(self._administration)
        self.jobs = JobOperator(self._administration)
        self.triggers = TriggerOperator(self._administration)

    async def configuration(self, item: str | None = None) -> Facts:
        """Return Slurm's configuration, or one item of it, by PySlurm's keys. Passwords are not in it.

        The item may be named as PySlurm or as slurm.conf does. Raises NotFoundError if there is none, and SlurmError.
        """
        read = configuration.parse(await self._administration.ask(configuration.command()))
        facts = pyslurm.record(read)
        if item is None:
            return facts
        key = item if item in facts else pyslurm.key_of(item)
        if key not in facts:
            raise NotFoundError(f"Slurm's configuration has no item {item[:64]!a}")
        return {key: facts[key]}

    async def ping(self) -> list[Controller]:
        """Return the controllers and whether they answer. Raises SlurmError if there is no word of any."""
        answer = await self._administration.client.answer(ping.command())
        found = ping.parse(answer.stdout)
        if not found:
            raise SlurmCommandError("scontrol ping says nothing of any controller")
        return found
