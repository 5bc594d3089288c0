"""A service ends, aloud, when somebody brings its store to a revision that it cannot work on."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from headgate.errors import StoreError
from headgate.store.revision import NEWEST, check, current
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
_EVERY = 15.0
"""Seconds between two looks."""


class RevisionWatch:
    """Looks at the tables' revision until it is stopped."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stop = asyncio.Event()
        self._seen = NEWEST

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    async def run(self) -> None:
        """Work until ``stop``. Raises StoreError once the tables are not ours to work on any more."""
        while not self._stop.is_set():
            try:
                present = await self._store.read(current)
            except StoreError:
                present = self._seen  # a store that is away is others' to complain about
            check(present)
            if present is not None and present != self._seen:
                self._seen = present
                _log.info("store.migrated_by_newer", revision=present, own=NEWEST)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_EVERY):
                    await self._stop.wait()
