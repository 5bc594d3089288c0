"""Forges, as parts: what takes their webhooks, what listens to relays, and what catches up.

Of relay and catch-up exactly one runs, however many services share a store; webhooks are taken wherever they arrive.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from headgate.builds.incoming.catch_up import CatchUp, Sender
from headgate.builds.incoming.intake import Intake
from headgate.builds.incoming.relay import Relay
from headgate.config.builds import BuildSettings, ForgeSettings, GitHubSettings
from headgate.config.settings import Settings
from headgate.events.journal import Journal
from headgate.events.sources.standings import Standings
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.service.supervisor import Part
from headgate.store.store import Store

if TYPE_CHECKING:
    from headgate.builds.forge.github import GitHubForge
    from headgate.builds.forge.gitlab import GitLabForge


def make_intake(settings: Settings, store: Store, journal: Journal, standings: Standings) -> Intake | None:
    """Make what takes webhooks; None where no forge is configured."""
    forges = settings.builds.forges
    if not forges:
        return None

    def heard(forge: str) -> None:
        standings.of(f"webhook {forge}").saw(time.time())

    return Intake(store, journal, forges, heard)


def make_forge(name: str, settings: ForgeSettings) -> GitHubForge | GitLabForge:
    """Make what asks one forge. Raises ConfigError."""
    if isinstance(settings, GitHubSettings):
        from headgate.builds.forge.github import GitHubForge  # a client with many parts, for who has a GitHub

        return GitHubForge(name, settings)
    from headgate.builds.forge.gitlab import GitLabForge

    return GitLabForge(name, settings)


def make_forges(builds: BuildSettings) -> dict[str, GitHubForge | GitLabForge]:
    """Make what asks the forges, by name. Raises ConfigError. Whoever makes them closes them."""
    return {name: make_forge(name, own) for name, own in builds.forges.items()}


def forge_parts(
    builds: BuildSettings,
    store: Store,
    intake: Intake,
    forges: Mapping[str, GitHubForge | GitLabForge],
    standings: Standings,
    *,
    keeper: RoleKeeper,
) -> Iterator[Part]:
    """Make what listens to relays and what catches up, for each forge."""
    for name, own in builds.forges.items():
        if own.kind == "github" and own.relay is not None:
            role = f"relay {name}"
            make_relay = functools.partial(Relay, name, own.relay.get_secret_value(), intake, standings.of(role))
            listening = Role(keeper, role, make_relay)
            yield Part(role, listening.run, listening.stop)
        role = f"catch-up {name}"
        forge = forges[name]
        make = functools.partial(
            CatchUp,
            store,
            intake,
            forge,
            standings.of(role),
            interval=own.catch_up,
            sender=forge if isinstance(forge, Sender) else None,
        )
        catching = Role(keeper, role, make)
        yield Part(role, catching.run, catching.stop)
