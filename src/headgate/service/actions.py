"""Actions, put together from the settings: for the service, and for the command line."""

from __future__ import annotations

from headgate.actions.context import Context
from headgate.actions.desk import Desk
from headgate.actions.registry import Actions
from headgate.actions.roles import Roles
from headgate.config.settings import Settings
from headgate.events.journal import Journal
from headgate.notify.notices import Notices
from headgate.slurm.client import SlurmClient
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
    slurm = SlurmOperator(SlurmClient(settings.slurm), most=settings.actions.most_nodes, reasons=StoredReasons(store))
    context = Context(store, journal or Journal([notices]), notices, settings.actions, slurm)
    return Desk(Actions(context), Roles(settings.roles))
