"""What StackStorm's slurm.trigger.sensor told: that it came up, goes down, and that Slurm ran a trigger.

The events stand for the pack's ``slurm.sensor.trigger.up``, ``.down`` and ``.triggered``. The UUID in the address is
made once and kept, so that triggers set for it stay good when Headgate starts again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from sqlalchemy import Connection

from headgate.errors import SlurmError, StoreError
from headgate.events.journal import Journal
from headgate.model.event import Event, EventKind, Source
from headgate.store import memories
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
_MEMORY: Final = "sensor uuid"
_MOST: Final = 1000
"""Events that wait for the store at most."""
_AGAIN: Final = 2.0
_PATIENCE: Final = 2.0
"""Seconds for which the cluster's name is waited for; not knowing it must not hold an event up."""

CLASSES: Final = frozenset({"node", "job", "slurmctld", "slurmdbd", "database", "other"})
TYPES: Final = frozenset(
    {"burst_buffer", "down", "drain", "drained", "draining", "fail", "fini"}
    | {"idle", "reconfig", "resume", "time", "up"}
)
"""What triggers are about, in the words of the pack's addresses."""


class Sensor:
    """Writes the sensor's events."""

    def __init__(
        self,
        store: Store,
        events: Journal,
        cluster: Callable[[], Awaitable[str]],
        known: frozenset[str] = frozenset(),
    ) -> None:
        """``known``: UUIDs that count besides our own."""
        self._store = store
        self._events = events
        self._ask_cluster = cluster
        self._cluster = ""
        self._known = known
        self._waiting: dict[str, Event] = {}
        self._news = asyncio.Event()
        self._stop = asyncio.Event()
        self.uuid = ""
        """Our own UUID, once ``run`` has begun."""

    def triggered(self, uuid_: str, about: str, kind: str) -> None:
        """Note that Slurm ran a trigger; of many in one second, once. Returns at once."""
        if uuid_ != self.uuid and uuid_ not in self._known:
            return
        now = time.time()
        event = self._event(EventKind.SENSOR_TRIGGERED, uuid_, now, {"class": about, "type": kind})
        if len(self._waiting) < _MOST:
            self._waiting.setdefault(event.key, event)
        self._news.set()

    async def run(self) -> None:
        """Write events until ``stop``, and that it ends."""
        while not await self._begin():
            if self._stop.is_set():
                return
            await self._rest()
        while not self._stop.is_set():
            await self._news.wait()
            self._news.clear()
            if not await self._write():
                self._news.set()
                await self._rest()
        self._put(EventKind.SENSOR_DOWN)
        await self._write()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()
        self._news.set()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AGAIN):
                await self._stop.wait()

    async def _begin(self) -> bool:
        """Learn our UUID, and say that we are up; say whether the store let us."""
        with contextlib.suppress(SlurmError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                self._cluster = await self._ask_cluster()
        try:
            self.uuid = await self._store.write(_own_uuid)
        except StoreError as error:
            _log.warning("sensor.cannot_begin", error=error.message)
            return False
        self._put(EventKind.SENSOR_UP)
        return True

    def _put(self, kind: EventKind) -> None:
        event = self._event(kind, self.uuid, time.time(), {})
        self._waiting[event.key] = event
        self._news.set()

    async def _write(self) -> bool:
        """Write what waits; say whether it is written."""
        found = list(self._waiting.values())
        if not found:
            return True
        try:
            await self._store.write(lambda connection: self._events.append(connection, found))
        except StoreError as error:
            _log.warning("sensor.cannot_write", error=error.message)
            return False
        for event in found:
            del self._waiting[event.key]
        return True

    def _event(self, kind: EventKind, uuid_: str, now: float, data: dict[str, str]) -> Event:
        when = str(int(now)) if kind is EventKind.SENSOR_TRIGGERED else f"{now:.3f}"
        words = (kind.value, uuid_, *data.values(), when)
        return Event(
            key="/".join(words),
            kind=kind,
            time=now,
            subject="sensor",
            source=Source.SENSOR,
            cluster=self._cluster,
            data={"uuid": uuid_, **data},
        )


def _own_uuid(connection: Connection) -> str:
    known = memories.recall(connection, _MEMORY)
    if known is None:
        known = str(uuid.uuid4())
        memories.keep(connection, _MEMORY, known)
    return known
