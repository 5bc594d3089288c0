"""What pages show and act on: the running parts of the configuration that is in force."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fastapi import Request

from headgate.actions.desk import Desk
from headgate.bots.desk import SlurmDoor
from headgate.builds.forge.interface import Forge
from headgate.config.settings import Settings
from headgate.gateway.gateway import Gateway
from headgate.gateway.refusals import UnavailableError
from headgate.model.change import Facts
from headgate.model.job import Figures
from headgate.notify.addresses import Addressing
from headgate.notify.connector import Connector
from headgate.notify.output import OutputReader
from headgate.slurm.client import SlurmClient
from headgate.slurm.rest.client import RestClient
from headgate.store.store import Store
from headgate.web.pages.kept import Kept
from headgate.web.pages.signing.entrance import Entrance


class Examined(Protocol):
    """One thing that the doctor looked at; ``advice`` says what to do."""

    @property
    def area(self) -> str:
        """What it belongs to."""

    @property
    def level(self) -> str:
        """``well``, ``note``, ``wrong``."""

    @property
    def what(self) -> str:
        """What was found."""

    @property
    def advice(self) -> str:
        """What to do; empty where all is well."""


@dataclass(frozen=True, slots=True)
class Site:
    """The running parts that pages use."""

    settings: Settings
    store: Store
    desk: Desk
    """Runs actions, and knows everybody's role."""
    clusters: Mapping[str, SlurmClient | RestClient]
    """Name in the settings -> how it is asked; the default one, first, is ''."""
    connectors: Mapping[str, Connector]
    addressing: Mapping[str, Addressing]
    door: SlurmDoor
    """Ends jobs as their owners, on the default cluster."""
    outputs: OutputReader
    """Reads jobs' outputs as their owners."""
    gateway: Callable[[], Gateway | None]
    """Returns the job gateway, while it runs here."""
    entrance: Entrance
    """Where people sign in."""
    forges: Mapping[str, Forge] = field(default_factory=dict)
    examine: Callable[[], Awaitable[Sequence[Examined]]] | None = None
    """Has the doctor look at everything; None where it cannot."""
    doors: Mapping[str, SlurmDoor] = field(default_factory=dict)
    """Name in the settings -> what ends jobs there as their owners; the default one is '', too."""
    accounts: Kept[list[Figures]] = field(default_factory=Kept)
    """What accounting said of jobs lately."""
    records: Kept[list[Facts]] = field(default_factory=Kept)
    """What slurmctld said of jobs lately."""


SiteSource = Callable[[], Site | None]
"""Returns the site of the configuration that is in force; None while there is none."""


async def site_of(request: Request) -> Site:
    """Return the site. Raises UnavailableError while there is none."""
    source: SiteSource = request.app.state.site
    site = source()
    if site is None:
        raise UnavailableError("Headgate is starting; try again in a moment")
    return site
