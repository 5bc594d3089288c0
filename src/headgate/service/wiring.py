"""From settings to running parts: the only place that makes them and joins them."""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from headgate.builds.forge.interface import Forge
from headgate.builds.incoming.intake import Intake
from headgate.config.load import load
from headgate.config.settings import Settings
from headgate.connectors.registry import kind_named, settings_of
from headgate.events.journal import Journal
from headgate.events.sources.mail.spool import MailSpool
from headgate.events.sources.mail_source import MailSource
from headgate.events.sources.standings import Standings
from headgate.notify.compose import Composer
from headgate.notify.connector import Connector
from headgate.notify.notices import Notices
from headgate.notify.output import OutputReader
from headgate.notify.recipients import Recipients
from headgate.notify.resolver import Resolver
from headgate.notify.subscriptions import Subscribers
from headgate.service.actions import make_desk
from headgate.service.bots import bot_parts
from headgate.service.builds import builds_parts
from headgate.service.forges import forge_parts, make_forges, make_intake
from headgate.service.gateway import (
    ClusterClient,
    Current,
    GatewayPart,
    acts_as_users,
    client_of,
    door_of,
    hook_connector,
    hook_worker_settings,
)
from headgate.service.housekeeping import Housekeeping, HousekeepingSettings
from headgate.service.local import local_part
from headgate.service.messages import (
    Accounts,
    addressing_of,
    compose_settings,
    make_lookups,
    make_output_reader,
    make_worker,
    message_maker,
    resolver_settings,
)
from headgate.service.nodes import node_watchers
from headgate.service.push import push_parts
from headgate.service.revision import RevisionWatch
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.service.rules import rules_parts
from headgate.service.site import make_site
from headgate.service.supervisor import Part
from headgate.service.watchers import Slurm, watchers
from headgate.store.store import Store
from headgate.web.pages.site import Site

_log = structlog.get_logger(__name__)
_CLOSING = 10.0
"""Seconds a connector has to close its connections."""


def load_settings(path: Path | None = None) -> Settings:
    """Read the configuration. Raises ConfigError that names every mistake."""
    return load(path, connector_settings=settings_of)


def open_store(settings: Settings) -> Store:
    """Open the store the settings name. Raises StoreError."""
    return Store(settings.store.url.get_secret_value(), pool=settings.store.pool_size)


def make_connectors(settings: Settings) -> dict[str, Connector]:
    """Make every configured connector, by name. Raises ConfigError or NotFoundError."""
    return {name: kind_named(own.kind).make(name, own) for name, own in settings.connectors.items()}


@dataclass(frozen=True, slots=True)
class Running:
    """The parts of one configuration, and what has to be closed after them."""

    parts: tuple[Part, ...]
    connectors: Mapping[str, Connector]
    gateway: Current = field(default_factory=Current)
    """The job gateway, once it runs."""
    outputs: OutputReader = field(default_factory=OutputReader)
    intake: Intake | None = None
    """Where webhooks of forges go, if any forge is configured."""
    forges: Mapping[str, Forge] = field(default_factory=dict)
    site: Site | None = None
    """What pages show and act on."""
    keeper: RoleKeeper | None = None
    """What holds the roles."""

    async def close(self) -> None:
        """Close what the parts used. They have stopped. A connector that fails at it is in nobody's way."""
        if self.keeper is not None:
            await self.keeper.aclose()
        for name, connector in self.connectors.items():
            try:
                async with asyncio.timeout(_CLOSING):
                    await connector.aclose()
            except Exception as error:  # noqa: BLE001 - one connector's defect must not end the service on a reload
                _log.error("connector.not_closed", connector=name, error=type(error).__name__)
        await self.outputs.aclose()
        for forge in self.forges.values():
            await forge.aclose()
        if self.site is not None:
            await self.site.entrance.aclose()


def make_running(settings: Settings, store: Store) -> Running:
    """Make every part that the settings switch on. Raises ConfigError."""
    wanted = set(settings.service.parts)
    connectors = make_connectors(settings)
    addressing = {name: addressing_of(own) for name, own in settings.connectors.items()}
    notify = settings.notify
    recipients = Recipients(connectors, notify.default_connector, settings.accounting.first_after, addressing)
    subscribers = Subscribers(connectors, addressing, notify.subscription_delay)
    clusters = make_clusters(settings)
    keeper = RoleKeeper(store)
    gateway = GatewayPart(settings, store, keeper, clusters, dict(connectors))
    notices = Notices(dict(connectors), addressing)
    journal = Journal([recipients, subscribers, gateway.follower, notices])
    gateway.desk = desk = make_desk(settings, store, notices, journal)
    slurm = Slurm(clusters[0].client)
    outputs = make_output_reader(settings)
    parts = _always(settings, store)
    if "api" in wanted and acts_as_users(settings.executor):
        parts.append(Part("gateway", gateway.run, gateway.stop))
    standings = Standings(store, settings.service.worker or socket.gethostname())
    parts.extend(_sources(settings, store, journal, clusters, standings, keeper=keeper))
    if "worker" in wanted:
        make = message_maker(settings, outputs)
        composing = Role(
            keeper,
            "composer",
            lambda: Composer(store, journal, Accounts(clusters).of, make, compose_settings(settings)),
        )
        parts.append(Part("composer", composing.run, composing.stop))
        lookups = make_lookups(settings)
        # Also where nobody is looked up (any more): names may wait that were to be.
        resolving = Role(keeper, "resolver", lambda: Resolver(store, connectors, lookups, resolver_settings(notify)))
        parts.append(Part("resolver", resolving.run, resolving.stop))
        owner = f"{settings.service.worker or socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        for name, connector in connectors.items():
            worker = make_worker(settings, store, connector, settings.connectors[name], owner)
            parts.append(Part(f"worker {name}", worker.run, worker.stop))
        if settings.gateway.hook_hosts:
            hooks = hook_connector(settings, store)
            connectors[hooks.name] = hooks
            worker = make_worker(settings, store, hooks, hook_worker_settings(), owner)
            parts.append(Part(f"worker {hooks.name}", worker.run, worker.stop))
    parts.extend(rules_parts(settings, store, journal, desk.actions, clusters[0].client, keeper=keeper))
    door = door_of(settings.executor, slurm.client)
    if "bots" in wanted:
        parts.extend(
            bot_parts(
                store,
                settings.connectors,
                settings.local,
                door,
                addressing,
                keeper=keeper,
                outputs=outputs,
                actions=desk,
            )
        )
    if "local" in wanted:
        parts.extend(local_part(settings, store, connectors, addressing, desk))
    intake = make_intake(settings, store, journal, standings)
    forges: dict[str, Forge] = {}
    if intake is not None and "builds" in wanted:
        made = make_forges(settings.builds)
        forges.update(made)
        parts.extend(forge_parts(settings.builds, store, intake, made, standings, keeper=keeper))
        parts.extend(builds_parts(settings, store, clusters, forges, keeper=keeper))
    site = make_site(
        settings,
        store,
        desk,
        clusters=clusters,
        connectors=connectors,
        addressing=addressing,
        door=door,
        outputs=outputs,
        gateway=Current(gateway),
        forges=forges,
    )
    return Running(tuple(parts), connectors, Current(gateway), outputs, intake, forges, site, keeper)


def _sources(
    settings: Settings,
    store: Store,
    journal: Journal,
    clusters: Sequence[ClusterClient],
    standings: Standings,
    *,
    keeper: RoleKeeper,
) -> Iterator[Part]:
    """Make what observes events, and what writes down how that fares."""
    wanted = set(settings.service.parts)
    client = clusters[0].client
    if "mail" in wanted:
        spool = MailSpool(settings.spool.path)
        standing = standings.of("mail")
        source = MailSource(store, journal, spool, client.cluster_name, settings.spool, standing=standing)
        yield Part("mail", source.run, source.stop)
    if "watcher" in wanted and settings.watcher.enabled:
        yield from watchers(settings, store, journal, clusters, standings, keeper=keeper)
    if "nodes" in wanted and settings.nodes.enabled:
        yield from node_watchers(settings, store, journal, clusters, standings, keeper=keeper)
    if "push" in wanted:
        yield from push_parts(store, journal, settings.push, standings, client, keeper=keeper)
    yield Part("standings", standings.run, standings.stop)


def make_clusters(settings: Settings) -> list[ClusterClient]:
    """Return the clusters, the default one first."""
    further = [ClusterClient(own, client_of(own), name) for name, own in settings.clusters.items()]
    return [ClusterClient(settings.slurm, client_of(settings.slurm)), *further]


def housekeeping_settings(settings: Settings) -> HousekeepingSettings:
    """Return what is forgotten when."""
    return HousekeepingSettings(
        events_days=settings.store.events_days,
        deliveries_days=settings.store.deliveries_days,
        audit_days=settings.local.audit_days,
        submissions_days=settings.gateway.keep_days,
        builds_days=settings.builds.jobs.keep_days,
        session_idle=settings.pages.session_idle,
        guesses_window=settings.local.wrong_codes_period,
        interval=settings.store.vacuum_interval,
        vacuum=settings.store.vacuum,
        lease=settings.notify.lease,
    )


def _always(settings: Settings, store: Store) -> list[Part]:
    """Make what every service runs, whatever its settings switch on."""
    watching = RevisionWatch(store)
    return [_listener(store), _housekeeping(settings, store), Part("revision", watching.run, watching.stop)]


def _housekeeping(settings: Settings, store: Store) -> Part:
    housekeeping = Housekeeping(store, housekeeping_settings(settings))
    return Part("housekeeping", housekeeping.run, housekeeping.stop)


def _listener(store: Store) -> Part:
    stop = asyncio.Event()

    async def run() -> None:
        listening = asyncio.create_task(store.listen(), name="listen")
        stopped = asyncio.create_task(stop.wait())
        try:
            await stopped
        finally:
            listening.cancel()
            stopped.cancel()
            await asyncio.gather(listening, stopped, return_exceptions=True)

    return Part("listener", run, stop.set)
