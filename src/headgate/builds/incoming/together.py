"""Writing facts to the journal: what comes while the disk is busy is kept together, by one commit.

On SQLite the store does so for everybody. On PostgreSQL every writer waits for a commit of its own, and a hundred
webhooks a second would be a hundred commits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from headgate.events.journal import Journal
from headgate.model.event import Event
from headgate.store.store import Store

_MOST: Final = 100
"""Writers whose facts are kept by one commit, at most."""
_Waiting = tuple[Sequence[Event], "asyncio.Future[dict[str, int]]"]


class Together:
    """Writes facts of many who wait."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, facts: Sequence[Event]) -> dict[str, int]:
        """Write facts; return key -> number of those that are new. They are on disk then. Raises StoreError."""
        told: asyncio.Future[dict[str, int]] = asyncio.get_running_loop().create_future()
        self._waiting.append((facts, told))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all(), name="webhooks into the journal")
        return await told

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                if not await self._done(some):
                    for one in some:
                        await self._done([one])
        finally:
            self._writing = None

    async def _done(self, some: Sequence[_Waiting]) -> bool:
        """Write what several wait for, and tell them; return False if that failed, and nobody is told yet."""
        facts = [fact for own, _ in some for fact in own]
        try:
            new = await self._store.write(lambda connection: self._journal.append(connection, facts))
        except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
            if len(some) > 1:
                return False
            _tell(some[0][1], error)
            return True
        for own, told in some:
            _tell(told, {fact.key: new.pop(fact.key) for fact in own if fact.key in new})
        return True


def _tell(told: asyncio.Future[dict[str, int]], result: dict[str, int] | Exception) -> None:
    if told.done():  # who waited went away
        return
    if isinstance(result, Exception):
        told.set_exception(result)
    else:
        told.set_result(result)
