"""The watchers of the clusters' queues, and what each of them asks."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from headgate.config.settings import Settings
from headgate.events.journal import Journal
from headgate.events.sources.lost_mail import Wish
from headgate.events.sources.standings import Standings
from headgate.events.sources.watcher import Watcher, WatcherSettings
from headgate.model.job import Figures, QueuedJob
from headgate.service.gateway import ClusterClient
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.service.supervisor import Part
from headgate.slurm.client import SlurmClient
from headgate.slurm.rest.client import RestClient
from headgate.store.store import Store


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


def watchers(
    settings: Settings,
    store: Store,
    journal: Journal,
    clusters: Sequence[ClusterClient],
    standings: Standings,
    *,
    keeper: RoleKeeper,
) -> Iterator[Part]:
    """Make a watcher for each cluster."""
    own = watcher_settings(settings)
    for cluster in clusters:
        slurm, name = Slurm(cluster.client), f"watcher {cluster.alias}".strip()
        make = functools.partial(Watcher, store, journal, slurm, replace(own, name=cluster.alias), standings.of(name))
        watching = Role(keeper, name, make)
        yield Part(name, watching.run, watching.stop)


def watcher_settings(settings: Settings) -> WatcherSettings:
    """Return how queues are watched."""
    own = settings.watcher
    return WatcherSettings(
        interval=own.interval,
        min_interval=own.min_interval,
        slow_after=own.slow_after,
        grace=own.mail_grace if own.lost_mail == "send" else None,
        days=own.catch_up_days,
    )
