"""What actions work with. It is made in one place, from the settings, and handed to every action."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from headgate.config.actions import ActionSettings
from headgate.events.journal import Journal
from headgate.notify.notices import Notices
from headgate.slurm.clusters import Clusters
from headgate.slurm.operator import SlurmOperator
from headgate.store.store import Store


@dataclass(frozen=True, slots=True)
class Context:
    """What actions work with.

    ``journal`` writes events, and what follows from them; ``notices``, one of its followers, knows who can be told.
    ``clusters`` are those that there are to operate; None where there are none. ``slurm`` operates the one that a call
    is about: the default one, unless the call names another.
    """

    store: Store
    journal: Journal = field(default_factory=Journal)
    notices: Notices = field(default_factory=Notices)
    settings: ActionSettings = field(default_factory=ActionSettings)
    clusters: Clusters | None = None
    slurm: SlurmOperator | None = None

    async def at(self, cluster: str) -> Context:
        """Return the same for calls about another cluster; empty: about the default one.

        Raises NotFoundError and SlurmError.
        """
        if self.clusters is None:
            return self
        return replace(self, slurm=await self.clusters.of(cluster))
