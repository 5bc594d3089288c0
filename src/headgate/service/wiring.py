"""From settings to running parts: the only place that makes them and joins them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import pwd
import socket
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from headgate.builds.forge.interface import Forge
from headgate.builds.incoming.intake import Intake
from headgate.config.chat import ChatSettings
from headgate.config.connector import ConnectorSettings
from headgate.config.load import load
from headgate.config.settings import NotifySettings, Settings
from headgate.connectors.registry import kind_named, settings_of
from headgate.events.journal import Journal
from headgate.events.sources.lost_mail import Wish
from headgate.events.sources.mail.spool import MailSpool
from headgate.events.sources.mail_source import MailSource
from headgate.events.sources.standings import Standings
from headgate.events.sources.watcher import Watcher, WatcherSettings
from headgate.executor.client import ExecutorClient
from headgate.model.job import Figures, QueuedJob
from headgate.model.message import Message
from headgate.notify.addresses import Addressing
from headgate.notify.compose import Composer, ComposeSettings
from headgate.notify.connector import DIGEST_ROOM, Connector
from headgate.notify.digest import fold
from headgate.notify.lookup.chain import LookupChain
from headgate.notify.material import MakeMessage, Material
from headgate.notify.message import build_message
from headgate.notify.notices import Notices
from headgate.notify.output import OutputReader
from headgate.notify.pipeline import Worker, WorkerSettings
from headgate.notify.recipients import Recipients
from headgate.notify.resolver import Lookup, Resolver, ResolverSettings
from headgate.notify.retries import RetryPolicy
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
from headgate.service.nodes import node_watchers
from headgate.service.push import push_parts
from headgate.service.revision import RevisionWatch
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.service.rules import rules_parts
from headgate.service.site import make_site
from headgate.service.supervisor import Part
from headgate.slurm.client import SlurmClient
from headgate.slurm.rest.client import RestClient
from headgate.store.claims import Limits
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


class Slurm:
    """What the watcher of one cluster asks, by way of its Slurm client."""

    def __init__(self, client: SlurmClient | RestClient) -> None:
        self.client = self._client = client
        self._ids: set[int] = set()
        self.cluster_name = client.cluster_name
        self.controller_started = client.controller_started
        self.accounting_between = client.accounting_between
        self.accounting_backlog = client.accounting_backlog

    async def queue(self) -> list[QueuedJob]:
        """Return every job in the queue."""
        queue = await self._client.queue()
        self._ids = {job.attempt.job_id for job in queue}
        return queue

    async def accounting(self, ids: Sequence[int], since: float) -> list[Figures]:
        """Return the figures of every attempt of these job ids that had not ended before a time."""
        return await self._client.accounting(ids, since=since)

    async def mail_wishes(self) -> dict[int, Wish]:
        """Return job id -> which mails its owner asked for."""
        answer = await self._client.mail_settings(self._ids)
        return {
            number: Wish(frozenset(kind.value for kind in own.types), own.mail_user) for number, own in answer.items()
        }


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
            lambda: Composer(store, journal, Accounts(clusters).of, make, _compose_settings(settings)),
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
        yield from _watchers(settings, store, journal, clusters, standings, keeper=keeper)
    if "nodes" in wanted and settings.nodes.enabled:
        yield from node_watchers(settings, store, journal, clusters, standings, keeper=keeper)
    if "push" in wanted:
        yield from push_parts(store, journal, settings.push, standings, client, keeper=keeper)
    yield Part("standings", standings.run, standings.stop)


def make_clusters(settings: Settings) -> list[ClusterClient]:
    """Return the clusters, the default one first."""
    further = [ClusterClient(own, client_of(own), name) for name, own in settings.clusters.items()]
    return [ClusterClient(settings.slurm, client_of(settings.slurm)), *further]


class Accounts:
    """Asks the accounting of the cluster a mail came from; of the default one if it does not say."""

    def __init__(self, clusters: Sequence[ClusterClient]) -> None:
        self._clusters = clusters

    async def of(self, cluster: str, ids: Sequence[int], since: float) -> list[Figures]:
        """Return the figures of every attempt of these jobs that had not ended before a time. Raises SlurmError."""
        for one in self._clusters[1:]:
            if cluster and await one.client.cluster_name() == cluster:
                return await one.client.accounting(ids, since=since)
        return await self._clusters[0].client.accounting(ids, since=since)


def _watchers(
    settings: Settings,
    store: Store,
    journal: Journal,
    clusters: Sequence[ClusterClient],
    standings: Standings,
    *,
    keeper: RoleKeeper,
) -> Iterator[Part]:
    """Make a watcher for each cluster."""
    own = _watcher_settings(settings)
    for cluster in clusters:
        slurm, name = Slurm(cluster.client), f"watcher {cluster.alias}".strip()
        make = functools.partial(Watcher, store, journal, slurm, replace(own, name=cluster.alias), standings.of(name))
        watching = Role(keeper, name, make)
        yield Part(name, watching.run, watching.stop)


def addressing_of(own: ConnectorSettings) -> Addressing:
    """Return whom a connector tells."""
    return Addressing(
        links="links" in own.lookup.chain,
        lookup=any(source != "links" for source in own.lookup.chain),
        linked_only=own.linked_only,
        bot=isinstance(own, ChatSettings) and own.bot.enabled,
    )


def make_lookups(settings: Settings) -> dict[str, Lookup]:
    """Return how names are looked up, for the connectors that look elsewhere than at links."""
    return {
        name: Lookup(LookupChain(own.lookup), passes=own.lookup.otherwise == "pass")
        for name, own in settings.connectors.items()
        if addressing_of(own).lookup
    }


def resolver_settings(notify: NotifySettings) -> ResolverSettings:
    """Return how long a name is looked up for."""
    return ResolverSettings(give_up_after=notify.give_up_after)


def make_worker(settings: Settings, store: Store, connector: Connector, own: ConnectorSettings, owner: str) -> Worker:
    """Make the worker of one connector."""
    notify = settings.notify
    limits = Limits(
        rate=own.rate,
        burst=own.burst,
        recipient_burst=own.recipient_burst,
        recipient_period=own.recipient_period,
        digest_size=notify.digest_messages,
    )
    retries = RetryPolicy(
        attempts=notify.attempts,
        give_up_after=notify.give_up_after,
        first=notify.backoff_first,
        longest=notify.backoff_max,
        jitter=notify.jitter,
    )
    worker = WorkerSettings(
        limits=limits,
        concurrency=own.concurrency,
        prefetch=notify.batch if connector.repeat_safe else max(50, own.concurrency * 8),
        lease=notify.lease,
        retries=retries,
        pause_longest=min(60.0, notify.backoff_max),
    )
    room = getattr(connector, "digest_room", DIGEST_ROOM)
    lines = min(notify.digest_lines, getattr(connector, "digest_lines", notify.digest_lines))

    def make_digest(messages: Sequence[Message], now: float) -> tuple[Message, int]:
        return fold(messages, now=now, room=room, lines=lines)

    return Worker(store, connector, worker, owner=owner, make_digest=make_digest)


def make_output_reader(settings: Settings) -> OutputReader:
    """Make what reads the end of jobs' outputs, as their owners."""
    executor = settings.executor
    if executor.way == "ssh" and executor.ssh is not None:
        from headgate.executor.ssh import SshActor  # see gateway.py

        return OutputReader(SshActor(executor.ssh.model_copy(update={"timeout": 10}), executor.roots), executor.roots)
    client = None if executor.path is None else ExecutorClient(executor.path, patience=15)
    return OutputReader(client, executor.roots)


def message_maker(settings: Settings, outputs: OutputReader) -> MakeMessage:
    """Return what makes the message of a mail request."""
    fields = any(getattr(own, "templates", None) is not None for own in settings.connectors.values())

    async def make(material: Material) -> Message:
        log = None
        if settings.messages.log_lines and material.request.kind.final:
            log = await outputs.tail(material.request, settings.messages.log_lines)
        return build_message(
            material.request,
            material.figures,
            tasks=material.tasks,
            settings=settings.messages,
            hints=settings.hints,
            log=log,
            figures_missing=material.missing,
            users=await asyncio.to_thread(_names, material),
            fields=fields,
        )

    return make


def _names(material: Material) -> dict[int, str]:
    """Return the names of the users who cancelled something, as this host knows them."""
    names: dict[int, str] = {}
    for number in {figures.cancelled_by for figures in (material.figures, *material.tasks) if figures is not None}:
        if number is not None:
            with contextlib.suppress(KeyError, OverflowError):
                names[number] = pwd.getpwuid(number).pw_name
    return names


def _watcher_settings(settings: Settings) -> WatcherSettings:
    own = settings.watcher
    return WatcherSettings(
        interval=own.interval,
        min_interval=own.min_interval,
        slow_after=own.slow_after,
        grace=own.mail_grace if own.lost_mail == "send" else None,
        days=own.catch_up_days,
    )


def _compose_settings(settings: Settings) -> ComposeSettings:
    own = settings.accounting
    zone = ZoneInfo(settings.messages.time_zone) if settings.messages.time_zone else None
    gap, gather = max(own.first_after, 0.5), settings.notify.gather_tasks
    return ComposeSettings(wait=own.wait, gap=gap, batch=own.batch, zone=zone, gather=gather)


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
