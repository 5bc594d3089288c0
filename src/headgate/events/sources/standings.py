"""How each source stands: when it last saw something, and what is wrong. ``headgate source list`` shows it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Gauge

from headgate.errors import StoreError
from headgate.store import standings
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
_EVERY: Final = 2.0
"""Seconds between two looks whether something is to be written down."""
SEEN_AT = Gauge(
    "headgate_source_seen_timestamp_seconds",
    "When a source in this process last saw something, or that there is nothing, seconds since the epoch; 0: not yet.",
    ["source"],
)
WRONG = Gauge("headgate_source_failing", "1 while something is wrong with a source in this process.", ["source"])
_FRESH: Final = 15.0
"""Seconds by which what is written down may be behind while nothing is wrong."""


@dataclass(slots=True)
class Standing:
    """Of one source; it says of itself how it fares."""

    seen_at: float | None = None
    problem: str = ""

    def saw(self, now: float) -> None:
        """Note that it saw something, or saw that there is nothing, in seconds since the epoch: all is well."""
        self.seen_at, self.problem = now, ""

    def failed(self, why: str) -> None:
        """Note what is wrong, in words for an administrator."""
        self.problem = why

    def well(self) -> None:
        """Note that nothing is wrong, though nothing was seen."""
        self.problem = ""


class Standings:
    """The standings of this service's sources, by name; ``run`` writes them into the store."""

    def __init__(self, store: Store, host: str) -> None:
        """``host``: the name under which this service's are kept; several may share a store."""
        self._store = store
        self._host = host
        self._sources: dict[str, Standing] = {}
        self._kept: dict[str, tuple[float | None, str]] = {}
        self._stop = asyncio.Event()

    def of(self, name: str) -> Standing:
        """Return the standing of a source, which is the same one for every caller."""
        return self._sources.setdefault(name, Standing())

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    async def run(self) -> None:
        """Write down how the sources stand until ``stop``, and once more then."""
        while not self._stop.is_set():
            await self._keep()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_EVERY):
                    await self._stop.wait()
        await self._keep(everything=True)

    async def _keep(self, *, everything: bool = False) -> None:
        now = {name: (one.seen_at, one.problem) for name, one in self._sources.items()}
        for name, (seen_at, problem) in now.items():
            SEEN_AT.labels(name).set(seen_at or 0)
            WRONG.labels(name).set(bool(problem))
        due = {name: one for name, one in now.items() if self._is_due(name, one, everything=everything)}
        if not due:
            return
        written = time.time()
        found = [standings.Stored(name, self._host, *one, written) for name, one in due.items()]
        try:
            await self._store.write(lambda connection: standings.keep(connection, found))
        except StoreError as error:
            _log.warning("standings.not_kept", error=error.message)
            return
        self._kept.update(due)

    def _is_due(self, name: str, standing: tuple[float | None, str], *, everything: bool) -> bool:
        kept = self._kept.get(name)
        if kept is None or kept == standing:
            return kept is None
        (seen_at, problem), (kept_at, kept_problem) = standing, kept
        return everything or problem != kept_problem or kept_at is None or (seen_at or 0.0) - kept_at >= _FRESH
