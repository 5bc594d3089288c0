"""Reservations that begin soon, as events: what Slurm itself tells nobody."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from headgate.actions.caller import rule as rule_caller
from headgate.actions.registry import Actions
from headgate.errors import HeadgateError
from headgate.events.journal import Journal
from headgate.model.event import JSON, Event, EventKind, Source
from headgate.model.role import Role
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
LIST: Final = "slurm.reservation.list"
"""The action that is asked; without it there is nothing to watch."""
_FLOATS: Final = "TIME_FLOAT"
"""The flag of a reservation that is always as far off as it is now."""
_TOLD: Final = ("nodes", "start", "end", "users", "accounts", "groups", "flags", "partition")


def upcoming(found: JSON, cluster: str, now: float, notice: float) -> list[Event]:
    """Return an event for each reservation that begins within ``notice`` seconds, the same however often it is seen."""
    events = []
    for name, value in sorted(found.items()) if isinstance(found, dict) else ():
        start = value.get("start") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(start, int | float) or not now < start <= now + notice:
            continue
        flags = value.get("flags")
        if isinstance(flags, list) and _FLOATS in flags:
            continue
        data: dict[str, JSON] = {"reservation": name, "begins_in": start - now}
        data |= {key: value[key] for key in _TOLD if key in value}
        events.append(
            Event(
                key=f"{EventKind.RESERVATION_UPCOMING.value}/{cluster}/{name}/{int(start)}",
                kind=EventKind.RESERVATION_UPCOMING,
                time=start - notice,
                subject=f"reservation {name}",
                source=Source.WATCHER,
                cluster=cluster,
                data=data,
            )
        )
    return events


class ReservationWatch:
    """Looks at the reservations every few minutes. Times in seconds."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        actions: Actions,
        cluster: Callable[[], Awaitable[str]],
        *,
        notice: float,
        every: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._journal = journal
        self._actions = actions
        self._cluster = cluster
        self._notice = notice
        self._every = every
        self._clock = clock
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stopping.set()

    async def run(self) -> None:
        """Look again and again, until ``stop``."""
        while not self._stopping.is_set():
            try:
                await self.look()
            except HeadgateError as error:
                _log.warning("reservations.not_read", error=error.message)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._stopping.wait()

    async def look(self) -> int:
        """Write the events that are new; return how many. Raises HeadgateError."""
        result = await self._actions.run(LIST, {}, rule_caller("reservations", Role.VIEWER))
        events = upcoming(result.result, await self._cluster(), self._clock(), self._notice)
        return len(await self._store.write(lambda connection: self._journal.append(connection, events)))
