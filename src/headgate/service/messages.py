"""What makes messages, looks up whom they are for, and sends them: the parts, and how settings say they work."""

from __future__ import annotations

import asyncio
import contextlib
import pwd
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from headgate.config.chat import ChatSettings
from headgate.config.connector import ConnectorSettings
from headgate.config.settings import NotifySettings, Settings
from headgate.executor.client import ExecutorClient
from headgate.model.job import Figures
from headgate.model.message import Message
from headgate.notify.addresses import Addressing
from headgate.notify.compose import ComposeSettings
from headgate.notify.connector import DIGEST_ROOM, Connector
from headgate.notify.digest import fold
from headgate.notify.lookup.chain import LookupChain
from headgate.notify.material import MakeMessage, Material
from headgate.notify.message import build_message
from headgate.notify.output import OutputReader
from headgate.notify.pipeline import Worker, WorkerSettings
from headgate.notify.resolver import Lookup, ResolverSettings
from headgate.notify.retries import RetryPolicy
from headgate.service.gateway import ClusterClient
from headgate.store.claims import Limits
from headgate.store.store import Store


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


def compose_settings(settings: Settings) -> ComposeSettings:
    """Return how long figures are waited for, and what is told together."""
    own = settings.accounting
    zone = ZoneInfo(settings.messages.time_zone) if settings.messages.time_zone else None
    gap, gather = max(own.first_after, 0.5), settings.notify.gather_tasks
    return ComposeSettings(wait=own.wait, gap=gap, batch=own.batch, zone=zone, gather=gather)
