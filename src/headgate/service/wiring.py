"""From settings to running parts: the only place that makes them and joins them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headgate.config.connector import ConnectorSettings
from headgate.config.load import load
from headgate.config.settings import Settings
from headgate.connectors.registry import kind_named, settings_of
from headgate.events.journal import Journal
from headgate.events.sources.lost_mail import Wish
from headgate.events.sources.mail.spool import MailSpool
from headgate.events.sources.mail_source import MailSource
from headgate.events.sources.watcher import Watcher, WatcherSettings
from headgate.model.job import Figures, QueuedJob
from headgate.model.message import Message
from headgate.notify.compose import Composer, ComposeSettings, MakeMessage, Material
from headgate.notify.connector import Connector
from headgate.notify.digest import build_digest
from headgate.notify.logtail import read_log_tail
from headgate.notify.message import build_message
from headgate.notify.pipeline import Worker, WorkerSettings
from headgate.notify.recipients import Recipients
from headgate.notify.retries import RetryPolicy
from headgate.service.housekeeping import Housekeeping, HousekeepingSettings
from headgate.service.roles import Role
from headgate.service.supervisor import Part
from headgate.slurm.client import SlurmClient
from headgate.store.claims import Limits
from headgate.store.store import Store


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

    async def close(self) -> None:
        """Close what the parts used. They have stopped."""
        for connector in self.connectors.values():
            await connector.aclose()


class Slurm:
    """What the watcher asks, by way of the Slurm client."""

    def __init__(self, client: SlurmClient) -> None:
        self._client = client
        self._ids: set[int] = set()
        self.cluster_name = client.cluster_name
        self.accounting_between = client.accounting_between

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
    recipients = Recipients(connectors, settings.notify.default_connector, settings.accounting.first_after)
    journal = Journal([recipients])
    slurm = Slurm(SlurmClient(settings.slurm))
    parts = [_listener(store), _housekeeping(settings, store)]
    if "mail" in wanted:
        source = MailSource(store, journal, MailSpool(settings.spool.path), slurm.cluster_name, settings.spool)
        parts.append(Part("mail", source.run, source.stop))
    if "watcher" in wanted and settings.watcher.enabled:
        watcher_settings = _watcher_settings(settings)
        watching = Role(store, "watcher", lambda: Watcher(store, journal, slurm, watcher_settings))
        parts.append(Part("watcher", watching.run, watching.stop))
    if "worker" in wanted:
        make = message_maker(settings)
        composing = Role(
            store,
            "composer",
            lambda: Composer(store, journal, slurm.accounting, make, _compose_settings(settings)),
        )
        parts.append(Part("composer", composing.run, composing.stop))
        owner = f"{settings.service.worker or socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        for name, connector in connectors.items():
            worker = make_worker(settings, store, connector, settings.connectors[name], owner)
            parts.append(Part(f"worker {name}", worker.run, worker.stop))
    return Running(tuple(parts), connectors)


def make_worker(settings: Settings, store: Store, connector: Connector, own: ConnectorSettings, owner: str) -> Worker:
    """Make the worker of one connector."""
    notify = settings.notify
    limits = Limits(
        rate=own.rate,
        burst=own.burst,
        recipient_burst=own.recipient_burst,
        recipient_period=own.recipient_period,
        digest_size=notify.digest_lines,
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
    return Worker(store, connector, worker, owner=owner, make_digest=make_digest)


def make_digest(messages: Sequence[Message], now: float) -> Message:
    """Fold messages into one. A claim folds as many as the settings allow in a digest; here each of them is named."""
    [digest] = build_digest(messages, now=now, lines=len(messages))
    return digest


def message_maker(settings: Settings) -> MakeMessage:
    """Return what makes the message of a mail request."""

    async def make(material: Material) -> Message:
        log = None
        if settings.messages.log_lines and material.request.kind.final:
            log = await asyncio.to_thread(read_log_tail, material.request, settings.messages.log_lines)
        return build_message(
            material.request,
            material.figures,
            tasks=material.tasks,
            settings=settings.messages,
            hints=settings.hints,
            log=log,
            figures_missing=material.missing,
            users=await asyncio.to_thread(_names, material),
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
    return ComposeSettings(wait=own.wait, gap=max(own.first_after, 0.5), batch=own.batch)


def housekeeping_settings(settings: Settings) -> HousekeepingSettings:
    """Return what is forgotten when."""
    return HousekeepingSettings(
        events_days=settings.store.events_days,
        deliveries_days=settings.store.deliveries_days,
        interval=settings.store.vacuum_interval,
        vacuum=settings.store.vacuum,
        lease=settings.notify.lease,
    )


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
