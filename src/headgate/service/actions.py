"""Actions, put together from the settings: for the service, and for the command line."""

from __future__ import annotations

from headgate.actions.context import Context
from headgate.actions.desk import Desk
from headgate.actions.registry import Actions
from headgate.actions.roles import Roles
from headgate.config.settings import Settings
from headgate.config.slurm import SlurmSettings
from headgate.events.journal import Journal
from headgate.notify.notices import Notices
from headgate.slurm.client import SlurmClient
from headgate.slurm.clusters import Clusters
from headgate.slurm.operating.own_reasons import StoredReasons
from headgate.slurm.operator import SlurmOperator
from headgate.store.store import Store


def make_desk(
    settings: Settings,
    store: Store,
    notices: Notices,
    journal: Journal | None = None,
) -> Desk:
    """Make what runs actions. ``journal``: the service's; without one only notices follow from what actions write."""
    reasons = StoredReasons(store)

    def operator(own: SlurmSettings) -> SlurmOperator:
        return SlurmOperator(SlurmClient(own), most=settings.actions.most_nodes, reasons=reasons)

    clusters = Clusters(operator(settings.slurm), {name: operator(own) for name, own in settings.clusters.items()})
    context = Context(
        store, journal or Journal([notices]), notices, settings.actions, clusters=clusters, slurm=clusters.default
    )
    return Desk(Actions(context), Roles(settings.roles))
