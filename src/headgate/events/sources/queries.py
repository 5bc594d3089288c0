"""What the watchers ask Slurm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from headgate.events.sources.lost_mail import Wish
from headgate.model.job import Figures, QueuedJob
from headgate.model.node import Node
from headgate.model.node_outage import NodeOutage


class SlurmQueries(Protocol):
    """What the watcher asks Slurm; each is one call for all jobs. All raise SlurmError."""

    async def cluster_name(self) -> str:
        """Return the cluster's name."""

    async def controller_started(self) -> float | None:
        """Return when slurmctld was started; None if that cannot be told."""

    async def queue(self) -> list[QueuedJob]:
        """Return every job in the queue."""

    async def mail_wishes(self) -> Mapping[int, Wish]:
        """Return job id -> which mails its owner asked for."""

    async def accounting(self, ids: Sequence[int], since: float) -> list[Figures]:
        """Return the figures of every attempt of these job ids that had not ended before a time."""

    async def accounting_between(self, since: float, until: float) -> list[Figures]:
        """Return the figures of every attempt that ended in a time."""

    async def accounting_backlog(self) -> int:
        """Return how many records slurmctld still has to tell accounting."""


class NodeQueries(Protocol):
    """What the node watcher asks Slurm; each is one call for all nodes. All raise SlurmError."""

    async def cluster_name(self) -> str:
        """Return the cluster's name."""

    async def nodes(self) -> list[Node]:
        """Return every node."""

    async def node_outages(self, since: float) -> list[NodeOutage]:
        """Return what slurmdbd knows of nodes that are out of service, or were since a time.

        The error is not transient where there is no slurmdbd.
        """

    async def controllers(self) -> Mapping[str, bool]:
        """Return host -> whether its slurmctld answers."""

    async def partitions(self) -> Mapping[str, Mapping[str, str]]:
        """Return every partition's settings, by name."""
