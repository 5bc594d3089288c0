"""What the watcher asks Slurm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from headgate.events.sources.lost_mail import Wish
from headgate.model.job import Figures, QueuedJob


class SlurmQueries(Protocol):
    """What the watcher asks Slurm; each is one call for all jobs. All raise SlurmError."""

    async def cluster_name(self) -> str:
        """Return the cluster's name."""

    async def queue(self) -> list[QueuedJob]:
        """Return every job in the queue."""

    async def mail_wishes(self) -> Mapping[int, Wish]:
        """Return job id -> which mails its owner asked for."""

    async def accounting(self, ids: Sequence[int], since: float) -> list[Figures]:
        """Return the figures of every attempt of these job ids that had not ended before a time."""

    async def accounting_between(self, since: float, until: float) -> list[Figures]:
        """Return the figures of every attempt that ended in a time."""
