"""The node watchers as parts: one for each cluster. Nodes are asked for by commands, whatever jobs are asked for by."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import structlog

from headgate.config.settings import Settings
from headgate.events.journal import Journal
from headgate.events.sources.node_watcher import NodeWatcher, NodeWatcherSettings
from headgate.events.sources.standings import Standings
from headgate.service.gateway import ClusterClient
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.service.supervisor import Part
from headgate.slurm.client import SlurmClient, directory_of
from headgate.store.store import Store

_log = structlog.get_logger(__name__)


def node_watchers(
    settings: Settings,
    store: Store,
    journal: Journal,
    clusters: Sequence[ClusterClient],
    standings: Standings,
    *,
    keeper: RoleKeeper,
) -> Iterator[Part]:
    """Make a node watcher for each cluster; none where Slurm's commands are not at hand.

    slurmrestd tells too little of nodes, and of what slurmdbd keeps of them, in any of its versions.
    """
    for cluster in clusters:
        name = f"nodes {cluster.alias}".strip()
        client = commands_of(cluster)
        if client is None:
            why = f"nodes are asked for by scontrol, which is not in {directory_of(cluster.settings)}"
            _log.warning("nodes.not_watched", cluster=cluster.alias, reason=why)
            standings.of(name).failed(why)
            continue
        make = functools.partial(
            NodeWatcher,
            store,
            journal,
            client,
            node_settings(settings, cluster.alias),
            standing=standings.of(name),
            outages=standings.of(f"outages {cluster.alias}".strip()),
        )
        watching = Role(keeper, name, make)
        yield Part(name, watching.run, watching.stop)


def commands_of(cluster: ClusterClient) -> SlurmClient | None:
    """Return what asks a cluster by its commands; None where slurmrestd is asked because they are not at hand."""
    if isinstance(cluster.client, SlurmClient):
        return cluster.client
    return SlurmClient(cluster.settings) if (directory_of(cluster.settings) / "scontrol").exists() else None


def node_settings(settings: Settings, name: str = "") -> NodeWatcherSettings:
    """Return how the nodes of a cluster are watched; ``name``: of one that is not the default one."""
    own = settings.nodes
    return NodeWatcherSettings(
        interval=own.interval,
        min_interval=own.min_interval,
        slow_after=own.slow_after,
        outages_interval=own.outages_interval,
        cluster_interval=own.cluster_interval,
        days=own.catch_up_days,
        name=name,
    )
