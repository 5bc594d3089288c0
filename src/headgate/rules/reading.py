"""Reading the journal in its order, from a cursor that moves on with what follows from the events.

Where several services write (PostgreSQL), an event may be kept after one with a higher number: for a minute, numbers
below the cursor are looked at again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from headgate.store import cursors, journal
from headgate.store.journal import EventFilter, Recorded
from headgate.store.store import Store

CURSOR: Final = "rules"
_LATE: Final = 60.0
_WINDOW: Final = 5000


@dataclass(frozen=True, slots=True)
class Batch:
    """Events to be followed. ``more``: whether there may be others already; ``cursor``: where it is after them.

    ``name``: the cursor's name.
    """

    events: list[Recorded] = field(default_factory=list)
    cursor: int = 0
    more: bool = False
    name: str = CURSOR

    def keep(self, connection: Connection) -> None:
        """Move the cursor on, in the transaction that writes what follows."""
        cursors.advance(connection, self.name, self.cursor)


class JournalReader:
    """Reads events once."""

    def __init__(self, store: Store, clock: Callable[[], float], name: str = CURSOR) -> None:
        """``name``: of the cursor."""
        self._name = name
        self._store = store
        self._clock = clock
        self._cursor: int | None = None
        self._seen: dict[int, float] = {}

    async def next(self, most: int) -> Batch:
        """Return the next events: what comes after the cursor's reader was first switched on. Raises StoreError."""
        cursor = self._cursor if self._cursor is not None else await self._begin()
        found = await self._store.read(
            lambda connection: journal.find(connection, EventFilter(after_id=cursor), limit=most, newest=False)
        )
        more = len(found) == most
        late = [] if self._store.sqlite else await self._late(cursor)
        return Batch([*late, *found], found[-1].id if found else cursor, more, self._name)

    def done(self, batch: Batch) -> None:
        """Know that a batch was followed."""
        self._cursor = batch.cursor
        if not self._store.sqlite:
            self._seen.update((item.id, item.recorded_at) for item in batch.events)
            old = self._clock() - 2 * _LATE
            self._seen = {number: at for number, at in self._seen.items() if at > old}

    async def _begin(self) -> int:
        kept = await self._store.read(lambda connection: cursors.read(connection, self._name))
        if kept is None:
            newest = await self._store.read(lambda connection: journal.find(connection, EventFilter(), limit=_WINDOW))
            kept = newest[-1].id if newest else 0
            self._seen = {item.id: item.recorded_at for item in newest}
            await self._store.write(lambda connection: cursors.set_once(connection, self._name, float(kept)))
        self._cursor = int(kept)
        return self._cursor

    async def _late(self, cursor: int) -> list[Recorded]:
        since = self._clock() - _LATE
        wanted = EventFilter(after_id=max(0, cursor - _WINDOW))
        found = await self._store.read(lambda connection: journal.find(connection, wanted, limit=_WINDOW, newest=False))
        return [item for item in found if item.id <= cursor and item.recorded_at > since and item.id not in self._seen]
