"""What has to be done now and then: taking work back from dead workers, and forgetting what is old."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy import Connection, text

from headgate.errors import StoreError
from headgate.store import apps, audit, builds, links, outcomes, retention, sessions, sign_ins, submissions
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class HousekeepingSettings:
    """Days after which events and deliveries are forgotten (0: never), and seconds between two clean-ups.

    ``lease``: how long claimed work belongs to a worker, in seconds.
    """

    events_days: int = 90
    deliveries_days: int = 90
    audit_days: int = 365
    submissions_days: int = 365
    builds_days: int = 365
    session_idle: float = 7200.0
    """Seconds without a request after which somebody is signed out."""
    guesses_window: float = 900.0
    """Seconds for which wrong codes are counted."""
    interval: float = _DAY
    vacuum: bool = True
    lease: float = 60.0


class Housekeeping:
    """Does it, until it is stopped."""

    def __init__(self, store: Store, settings: HousekeepingSettings) -> None:
        self._store = store
        self._settings = settings
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    async def run(self) -> None:
        """Work until ``stop``."""
        cleaned = time.monotonic()
        while not self._stop.is_set():
            try:
                await self._store.read(self._store.clock.read)
                now = self._store.clock.now()
                taken = await self._store.write(partial(outcomes.expire, now=now))
                if taken:
                    _log.warning("housekeeping.leases_expired", deliveries=taken)
                if time.monotonic() - cleaned >= self._settings.interval:
                    cleaned = time.monotonic()
                    await self.clean()
            except StoreError as error:
                _log.error("housekeeping.failed", error=error.message)
            try:
                async with asyncio.timeout(min(5.0, self._settings.lease / 4)):
                    await self._stop.wait()
            except TimeoutError:
                continue

    async def clean(self) -> dict[str, int]:
        """Forget what is old enough, a little at a time; return how much of what. Raises StoreError."""
        now = time.time()
        forgotten: dict[str, int] = {}
        for what, days, forget in (
            ("deliveries", self._settings.deliveries_days, retention.forget_deliveries),
            ("events", self._settings.events_days, retention.forget_events),
            ("jobs", self._settings.events_days, retention.forget_jobs),
            ("buckets", 1, retention.forget_buckets),
            ("audit", self._settings.audit_days, audit.forget),
            ("submissions", self._settings.submissions_days, submissions.forget),
            ("builds", self._settings.builds_days, builds.forget),
            ("tokens", 30, apps.forget_tokens),
        ):
            if days:
                forgotten[what] = await self._forget(
                    forget, now - days * _DAY, once=what in ("jobs", "buckets", "tokens")
                )
        window = self._settings.guesses_window
        forgotten["codes"] = await self._store.write(lambda connection: links.forget(connection, now, window))
        forgotten["sessions"] = await self._store.write(
            lambda connection: sessions.forget(connection, now=now, idle=self._settings.session_idle)
        )
        forgotten["sign_ins"] = await self._store.write(lambda connection: sign_ins.forget(connection, now))
        if self._settings.vacuum:
            await asyncio.to_thread(tidy, self._store)
        done = retention.Cleaned(now, forgotten)
        await self._store.write(lambda connection: retention.keep_cleaned(connection, done), found_again=True)
        _log.info("housekeeping.cleaned", **forgotten)
        return forgotten

    async def _forget(self, forget: Callable[[Connection, float], int], before: float, *, once: bool) -> int:
        total = 0
        while True:
            count = await self._store.write(lambda connection: forget(connection, before))
            total += count
            if once or not count or self._stop.is_set():
                return total


def tidy(store: Store) -> None:
    """Give the space of what was forgotten back, in SQLite; PostgreSQL does so by itself. Raises StoreError."""
    if store.sqlite:
        store.read_now(lambda connection: connection.execute(text("PRAGMA optimize")) and None)
        store.read_now(lambda connection: connection.execute(text("VACUUM")) and None)
        store.read_now(lambda connection: connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")) and None)
