"""The node watchers as parts: one for each cluster that is asked by its commands."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

import structlog

from headgate.config.settings import Settings
from headgate.events.journal import Journal
from headgate.events.sources.node_watcher import NodeWatcher, NodeWatcherSettings
from headgate.events.sources.standings import Standings
from headgate.service.gateway import ClusterClient
from headgate.service.roles import Role
from headgate.service.supervisor import Part
from headgate.slurm.client import SlurmClient
from headgate.store.store import Store

_log = structlog.get_logger(__name__)


def node_watchers(
    settings: Settings, store: Store, journal: Journal, clusters: Sequence[ClusterClient], standings: Standings
) -> Iterator[Part]:
    """Make a node watcher for each cluster; none where slurmrestd is asked, which tells too little of nodes."""
    for cluster in clusters:
        name = f"nodes {cluster.alias}".strip()
        if not isinstance(cluster.client, SlurmClient):
            _log.warning("nodes.not_watched", cluster=cluster.alias, reason="slurm.driver is rest")
            standings.of(name).failed("slurmrestd tells too little of nodes: slurm.driver is rest")
            continue
        make = functools.partial(
            NodeWatcher,
            store,
            journal,
            cluster.client,
            node_settings(settings, cluster.alias),
            standing=standings.of(name),
            outages=standings.of(f"outages {cluster.alias}".strip()),
        )
        watching = Role(store, name, make)
        yield Part(name, watching.run, watching.stop)


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
