"""What pages show and act on, put together from the running parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from headgate.actions.desk import Desk
from headgate.bots.desk import SlurmDoor
from headgate.builds.forge.interface import Forge
from headgate.config.settings import Settings
from headgate.gateway.gateway import Gateway
from headgate.notify.addresses import Addressing
from headgate.notify.connector import Connector
from headgate.notify.output import OutputReader
from headgate.service.doctor.examine import examination
from headgate.service.gateway import ClusterClient, door_of
from headgate.store.store import Store
from headgate.web.pages.signing.entrance import Entrance
from headgate.web.pages.site import Site


def make_site(
    settings: Settings,
    store: Store,
    desk: Desk,
    *,
    clusters: Sequence[ClusterClient],
    connectors: Mapping[str, Connector],
    addressing: Mapping[str, Addressing],
    door: SlurmDoor,
    outputs: OutputReader,
    gateway: Callable[[], Gateway | None],
    forges: Mapping[str, Forge],
) -> Site:
    """Put together what pages show. ``clusters``: the default one first, which ``door`` is for."""
    return Site(
        settings,
        store,
        desk,
        {one.alias: one.client for one in clusters},
        connectors,
        addressing,
        door,
        outputs,
        gateway,
        Entrance.of(settings.pages),
        forges,
        examine=examination(settings),
        doors={one.alias: door_of(settings.executor, one.client, one.alias) for one in clusters},
    )
