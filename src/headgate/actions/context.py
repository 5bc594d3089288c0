"""What actions work with. It is made in one place, from the settings, and handed to every action."""

from __future__ import annotations

from dataclasses import dataclass, field

from headgate.config.actions import ActionSettings
from headgate.events.journal import Journal
from headgate.notify.notices import Notices
from headgate.slurm.operator import SlurmOperator
from headgate.store.store import Store


@dataclass(frozen=True, slots=True)
class Context:
    """What actions work with.

    ``journal`` writes events, and what follows from them; ``notices``, one of its followers, knows who can be told.
    ``slurm`` operates the cluster; None where there is none.
    """

    store: Store
    journal: Journal = field(default_factory=Journal)
    notices: Notices = field(default_factory=Notices)
    settings: ActionSettings = field(default_factory=ActionSettings)
    slurm: SlurmOperator | None = None
