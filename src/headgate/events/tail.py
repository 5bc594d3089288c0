"""Reading the journal as it grows, for those who only listen.

A number is a place in the journal: whoever knows one goes on behind it. Where several services write (PostgreSQL), an
event may be kept after one with a higher number: for a minute, numbers below the place are looked at again, and such an
event comes late. It is lost only to a listener who was away just then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from headgate.store import journal
from headgate.store.journal import EventFilter, Recorded
from headgate.store.store import Store

AT_ONCE: Final = 500
"""Events one look returns at most, but for late ones."""
_LATE: Final = 60.0
_WINDOW: Final = 2000


class Tail:
    """The journal beyond a place."""

    def __init__(self, store: Store, after: int | None, *, clock: Callable[[], float] = time.time) -> None:
        """``after``: the place; None: from now on."""
        self._store = store
        self._after = after
        self._clock = clock
        self._seen: set[int] | None = None
        self.number = after or 0
        """The place that is reached."""

    async def next(self) -> list[Recorded]:
        """Return the next events, in order, and go on behind them. Raises StoreError."""
        if self._seen is None:
            self._seen = await self._begin()
            if self._after is None:
                return []
        number = self.number
        wanted = EventFilter(after_id=number)
        found = await self._store.read(lambda c: journal.find(c, wanted, limit=AT_ONCE, newest=False))
        late = [] if self._store.sqlite else await self._late(number, self._seen)
        if found:
            self.number = found[-1].id
        if not self._store.sqlite:
            kept = self.number - _WINDOW
            self._seen = {one for one in self._seen if one > kept} | {item.id for item in (*late, *found)}
        return [*late, *found]

    async def _begin(self) -> set[int]:
        """Find the place, and what was there before: that is nobody's news."""
        if self._after is None:
            newest = await self._store.read(lambda c: journal.find(c, EventFilter(), limit=1))
            self.number = newest[-1].id if newest else 0
        return set() if self._store.sqlite else {item.id for item in await self._window(self.number)}

    async def _late(self, number: int, seen: set[int]) -> list[Recorded]:
        since = self._clock() - _LATE
        return [item for item in await self._window(number) if item.recorded_at > since and item.id not in seen]

    async def _window(self, number: int) -> list[Recorded]:
        wanted = EventFilter(after_id=max(0, number - _WINDOW))
        found = await self._store.read(lambda c: journal.find(c, wanted, limit=_WINDOW, newest=False))
        return [item for item in found if item.id <= number]
