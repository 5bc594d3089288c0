"""Watches the cluster itself for the node watcher: its controllers, its slurmdbd, its partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog
from sqlalchemy import Connection

from headgate.errors import SlurmError
from headgate.events.journal import Journal
from headgate.events.sources.cluster_changes import (
    KnownCluster,
    controller_events,
    partition_events,
    read_known,
    slurmdbd_event,
)
from headgate.events.sources.queries import NodeQueries
from headgate.model.event import Event
from headgate.store import memories
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
_FAILURES: Final = 2
"""Questions in a row that slurmdbd leaves unanswered before it counts as down."""


class ClusterWatch:
    """What is known of one cluster's daemons and partitions, and the events of its changes."""

    def __init__(self, store: Store, events: Journal, slurm: NodeQueries, interval: float) -> None:
        """``interval``: seconds between two looks at partitions and controllers when nothing is wrong."""
        self._store = store
        self._events = events
        self._slurm = slurm
        self._interval = interval
        self._cluster = ""
        self._known = KnownCluster()
        self._next = 0.0
        self._unanswered: list[float] = []
        self._told = ""
        self.without_slurmdbd = False
        """Whether the cluster said that it has none."""

    @property
    def slurmdbd(self) -> bool | None:
        """Whether slurmdbd answered when it was asked last; None: it was not, or there is none."""
        return None if self._known.slurmdbd is None else not self._unanswered

    async def load(self, cluster: str) -> None:
        """Take up what was known of a cluster. Raises StoreError."""
        self._cluster = cluster
        self._known = read_known(await self._store.read(lambda c: memories.recall(c, self._memory)))

    async def look(self, now: float) -> None:
        """Look at controllers and partitions, if it is time. Raises SlurmError or StoreError."""
        recovered = not all(self._known.controllers.values())
        if now < self._next and not recovered:
            return
        await self.look_at_controllers(now)
        partitions = await self._slurm.partitions()
        found = partition_events(self._cluster, self._known.partitions, partitions, now)
        await self._keep(replace(self._known, partitions=partitions), found)
        self._next = now + self._interval

    async def look_at_controllers(self, now: float) -> None:
        """Ask which controllers answer. Raises StoreError; that nobody can be asked is no news."""
        try:
            answering = await self._slurm.controllers()
        except SlurmError:
            return
        if answering:
            found = controller_events(self._cluster, self._known.controllers, answering, now)
            await self._keep(replace(self._known, controllers=dict(answering)), found)

    async def slurmdbd_answered(self, now: float) -> None:
        """Note that slurmdbd answered. Raises StoreError."""
        self._unanswered.clear()
        self._told, self.without_slurmdbd = "", False
        found = [slurmdbd_event(self._cluster, now, answers=True)] if self._known.slurmdbd is False else []
        await self._keep(replace(self._known, slurmdbd=True), found)

    async def slurmdbd_failed(self, error: SlurmError, now: float) -> None:
        """Note that slurmdbd did not answer, or that there is none. Raises StoreError."""
        if error.message != self._told:
            self._told = error.message
            _log.warning("nodes.no_outages", error=error.message, there_is_one=error.transient)
        self.without_slurmdbd = not error.transient
        if self.without_slurmdbd:
            return
        self._unanswered.append(now)
        if self._known.slurmdbd is not False and len(self._unanswered) >= _FAILURES:
            found = [slurmdbd_event(self._cluster, self._unanswered[0], answers=False, error=error.message)]
            await self._keep(replace(self._known, slurmdbd=False), found)

    async def _keep(self, known: KnownCluster, found: Sequence[Event]) -> None:
        if known == self._known:
            return

        def write(connection: Connection) -> None:
            self._events.append(connection, found)
            memories.keep(connection, self._memory, known.text())

        await self._store.write(write)
        self._known = known

    @property
    def _memory(self) -> str:
        return f"nodes {self._cluster}"
