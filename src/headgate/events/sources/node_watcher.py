"""The node watcher: asks Slurm once a tick for all nodes, and writes what changed.

slurmctld shows how nodes are; slurmdbd keeps when they went out of service and came back. The first is asked at every
look, the second when something changed, and every now and then for what came and went between two looks, or while
nobody looked. A fact that both tell is one event. Without slurmdbd, what looks see is all there is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy import Connection

from headgate.errors import SlurmCommandError, SlurmError
from headgate.events.journal import Journal
from headgate.events.sources.cluster_watch import ClusterWatch
from headgate.events.sources.health import Health
from headgate.events.sources.node_changes import Look, NodeChange, first_sight, follow, of_outages
from headgate.events.sources.node_ledger import HISTORIC, Joined, join, prune
from headgate.events.sources.pace import look_on
from headgate.events.sources.queries import NodeQueries
from headgate.events.sources.standings import Standing
from headgate.events.sources.stored_nodes import Remembered, figures_of, matters, remembered, stored_node
from headgate.model.capacity import Capacity, capacity_of
from headgate.model.event import JSON, Event
from headgate.model.node import Node
from headgate.model.node_outage import NodeOutage
from headgate.store import capacities, cursors, nodes
from headgate.store.signals import Bell, Topic
from headgate.store.store import Store

_log = structlog.get_logger(__name__)

LOOKS = Counter("headgate_node_looks", "Looks at the nodes, by how they went.", ["result"])
LOOK_SECONDS = Histogram("headgate_node_look_seconds", "How long a look at the nodes took.")
NODES = Gauge("headgate_nodes", "Nodes of the cluster at the last look.")
SEEN_AT = Gauge("headgate_nodes_seen_timestamp_seconds", "When the nodes were last seen, seconds since the epoch.")

_CURSOR_EVERY: Final = 30.0
_MARGIN: Final = 1800.0
"""Seconds for which outages are read again: what slurmctld cannot hand to slurmdbd, it keeps, and hands over later."""
_SETTLING: Final = 3.0
"""Seconds in which slurmdbd may still write that the outage that ended led to another one."""
_PATIENCE: Final = 15.0
"""Seconds for which slurmdbd is waited for: what looks see is not to be held up by it."""
_WITHOUT: Final = 600.0
"""Seconds until a cluster that has no slurmdbd is asked for it again."""
_FORGET: Final = 3600.0
"""Seconds after which a node that Slurm does not show any more is forgotten."""


@dataclass(frozen=True, slots=True)
class NodeWatcherSettings:
    """Times in seconds. ``interval``: between two looks; ``min_interval``: when the watcher is woken.

    ``slow_after``: an answer that takes longer makes the watcher ask less often. ``outages_interval``: between two
    questions to slurmdbd when nothing changed; ``cluster_interval``: between two looks at partitions and controllers.
    ``days``: how far back to catch up.
    """

    interval: float = 10.0
    min_interval: float = 1.0
    slow_after: float = 5.0
    outages_interval: float = 30.0
    cluster_interval: float = 60.0
    days: float = 7.0
    name: str = ""
    """Of a cluster that is not the default one."""

    def cursor(self, what: str) -> str:
        """Return the name of a cursor of this cluster's watcher."""
        return f"nodes.{what} {self.name}".strip()


class NodeWatcher:
    """Watches the nodes of one cluster."""

    def __init__(
        self,
        store: Store,
        events: Journal,
        slurm: NodeQueries,
        settings: NodeWatcherSettings,
        *,
        standing: Standing | None = None,
        outages: Standing | None = None,
    ) -> None:
        """``standing``: where it says how it fares with slurmctld; ``outages``: with slurmdbd."""
        self._store = store
        self._standing = standing or Standing()
        self._outages_standing = outages or Standing()
        self._events = events
        self._slurm = slurm
        self._settings = settings
        self._health = Health("nodes", settings.interval, settings.slow_after)
        self._site = ClusterWatch(store, events, slurm, settings.cluster_interval)
        self._cluster = ""
        self._nodes: dict[str, Remembered] = {}
        self._shown: dict[str, tuple[str, dict[str, JSON]]] = {}
        self._missing: dict[str, float] = {}
        self._capacity = Capacity(0.0)
        self._seen: float | None = None
        self._outages_from: float | None = None
        self._outages_next = 0.0
        self._hold_until = 0.0
        self._cursor_kept = 0.0
        self._loaded = False
        self._stopping = False
        self._bell: Bell | None = None

    @property
    def known(self) -> Mapping[str, Remembered]:
        """What is remembered of nodes now, by name."""
        return self._nodes

    async def run(self) -> None:
        """Watch until ``stop``."""
        self._bell = bell = self._store.bell(Topic.NODES)
        await look_on(
            self.tick,
            bell,
            health=self._health,
            standing=self._standing,
            counted=LOOKS,
            min_interval=self._settings.min_interval,
            stopping=lambda: self._stopping,
        )

    def stop(self) -> None:
        """Ask ``run`` to end after the look under way."""
        self._stopping = True
        if self._bell is not None:
            self._bell.ring()

    async def tick(self) -> list[Event]:
        """Look once; return the events it wrote, those of the cluster itself aside. Raises SlurmError or StoreError."""
        if not self._loaded:
            await self._load()
        asked, begun = time.time(), time.monotonic()
        try:
            seen = await self._slurm.nodes()
        except SlurmError:
            await self._site.look_at_controllers(time.time())
            raise
        self._health.seconds = time.monotonic() - begun
        now = time.time()
        look = Look(asked if self._seen is None else self._seen, now)
        after, looked = self._compare(seen, look)
        outages = await self._read_outages(looked, asked)
        told = {name: one.told for name, one in self._nodes.items()}
        joined = join(self._cluster, told, looked, outages, look)
        await self._keep(after, joined, asked)
        await self._keep_capacity(capacity_of(seen, asked))
        NODES.set(len(seen))
        SEEN_AT.set(now)
        await self._site.look(now)
        LOOK_SECONDS.observe(time.monotonic() - begun)
        return joined.events

    async def _load(self) -> None:
        """Take up where the last watcher stopped."""
        self._cluster = cluster = await self._slurm.cluster_name()
        stored = await self._store.read(lambda c: nodes.of_cluster(c, cluster))
        self._nodes = {one.name: remembered(one) for one in stored}
        self._seen = await self._store.read(lambda c: cursors.read(c, self._settings.cursor("seen")))
        self._outages_from = await self._store.read(lambda c: cursors.read(c, self._settings.cursor("outages")))
        await self._site.load(cluster)
        self._loaded = True

    def _compare(self, seen: Iterable[Node], look: Look) -> tuple[dict[str, Remembered], list[NodeChange]]:
        """Return what is remembered of nodes from now on, and what changed."""
        after: dict[str, Remembered] = {}
        changes: list[NodeChange] = []
        for node in seen:
            before = self._nodes.get(node.name)
            if before is None:
                after[node.name] = Remembered(first_sight(node, look.now))
                continue
            known, changed = follow(before.known, node, look)
            after[node.name] = Remembered(known, before.told)
            changes += changed
        return after, changes

    async def _read_outages(self, looked: Sequence[NodeChange], now: float) -> list[NodeChange]:
        """Ask slurmdbd, if there is a reason to, and return what it tells. Nothing, if it cannot be asked."""
        if self._outages_from is None:
            self._outages_from = float(int(now))  # what was before Headgate's first look is none of its business
        told_by_both = any(change.kind in HISTORIC for change in looked)
        if now < self._outages_next and not (told_by_both and self._site.slurmdbd):
            return []
        since = max(self._outages_from, now - self._settings.days * 86400)
        was_well = self._site.slurmdbd is not False
        outages = await self._ask_outages(since)
        self._outages_next = now + self._settings.outages_interval
        if outages is None:
            return self._without_outages(now, was_well=was_well)
        settled = now - _SETTLING
        if any(outage.end is not None and outage.end > settled for outage in outages):
            self._outages_next = min(self._outages_next, now + _SETTLING)
        return of_outages(outages, since, settled)

    def _without_outages(self, now: float, *, was_well: bool) -> list[NodeChange]:
        """Plan when slurmdbd is asked again after it did not answer; what it did not tell is nothing."""
        if self._site.without_slurmdbd:
            self._outages_next = now + _WITHOUT
        else:
            self._hold_until = now + _MARGIN
            if was_well:
                self._outages_next = now  # whether it is down is clear at the next look
        return []

    async def _ask_outages(self, since: float) -> list[NodeOutage] | None:
        try:
            async with asyncio.timeout(_PATIENCE):
                outages = await self._slurm.node_outages(since)
        except TimeoutError:
            error: SlurmError = SlurmCommandError(f"sacctmgr did not answer within {_PATIENCE:g} s")
        except SlurmError as failure:
            error = failure
        else:
            self._outages_standing.saw(time.time())
            await self._site.slurmdbd_answered(time.time())
            return outages
        self._outages_standing.failed(error.message)
        await self._site.slurmdbd_failed(error, time.time())
        return None

    async def _keep(self, after: dict[str, Remembered], joined: Joined, now: float) -> None:
        """Write events, and what is remembered from now on, in one transaction; only then it is so."""
        start = self._outages_from or now
        if self._site.slurmdbd is not False and now >= self._hold_until:
            start = max(start, now - _MARGIN)
        after = {name: self._with_ledger(name, one, joined, start) for name, one in after.items()}
        before = self._nodes
        due = now - self._cursor_kept >= _CURSOR_EVERY
        # What a node has of jobs changes all the time: it is written every now and then, for those who look.
        changed = [
            one
            for name, one in after.items()
            if name not in before or matters(before[name], one) or (due and self._shown.get(name) != _shown(one))
        ]
        gone = self._gone(after, now)
        kept = {name: one for name, one in before.items() if name not in after and name not in gone}
        if joined.events or changed or gone or due:
            await self._store.write(lambda c: self._write(c, joined.events, changed, gone, (now, start)))
            self._cursor_kept = now
            self._shown.update({one.known.node.name: _shown(one) for one in changed})
        self._nodes = {**kept, **after}
        self._seen, self._outages_from = now, start

    async def _keep_capacity(self, seen: Capacity) -> None:
        """Write what the cluster has and uses, where that changed, or was written long ago."""
        same = replace(seen, seen_at=self._capacity.seen_at) == self._capacity
        if same and seen.seen_at - self._capacity.seen_at < _CURSOR_EVERY:
            return
        await self._store.write(lambda c: capacities.keep(c, self._cluster, seen), found_again=True)
        self._capacity = seen

    @staticmethod
    def _with_ledger(name: str, one: Remembered, joined: Joined, start: float) -> Remembered:
        told = joined.told.get(name, one.told)
        return Remembered(one.known, prune(told, start)) if told else one

    def _gone(self, after: Mapping[str, Remembered], now: float) -> list[str]:
        """Return the nodes that Slurm has not shown for long: one look may miss some."""
        self._missing = {name: self._missing.get(name, now) for name in self._nodes if name not in after}
        return [name for name, since in self._missing.items() if now - since > _FORGET]

    def _write(
        self,
        connection: Connection,
        events: Sequence[Event],
        changed: Sequence[Remembered],
        gone: Sequence[str],
        times: tuple[float, float],
    ) -> None:
        seen, outages_from = times
        self._events.append(connection, events)
        nodes.keep(connection, [stored_node(self._cluster, one) for one in changed], seen)
        nodes.forget(connection, self._cluster, gone)
        cursors.advance(connection, self._settings.cursor("seen"), seen)
        cursors.advance(connection, self._settings.cursor("outages"), outages_from)


def _shown(one: Remembered) -> tuple[str, dict[str, JSON]]:
    return one.known.node.state.text, figures_of(one.known.node)
