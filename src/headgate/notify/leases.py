"""What a worker has claimed, and for how long it may rely on that: others take over what is not renewed in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection

from headgate.store import outcomes
from headgate.store.claims import Bundle, Lease
from headgate.store.store import Store

_LEAST: Final = 1 / 6
"""Part of a lease that has to be left for something to be sent: it is renewed when a third is over."""


class LeaseLostError(Exception):
    """What was claimed is not ours any more, or may soon not be: others send it."""


class Leases:
    """The leases of one worker. A lease that was not renewed in time is over for good, whatever the store says."""

    def __init__(self, store: Store, owner: str, seconds: float) -> None:
        """``owner``: in whose name the worker claims, for so many ``seconds``."""
        self._store = store
        self._owner = owner
        self._seconds = seconds
        self._held: dict[int, Lease] = {}

    def took(self, bundles: Iterable[Bundle]) -> None:
        """Keep that these were claimed."""
        for bundle in bundles:
            self._held.update((delivery.id, bundle.lease) for delivery in bundle.deliveries)

    def settled(self, numbers: Iterable[int]) -> None:
        """Keep no longer what these deliveries were claimed for: that is over."""
        for number in numbers:
            self._held.pop(number, None)

    def let_go(self, bundle: Bundle) -> None:
        """Leave a bundle to others: its lease ends by itself."""
        self.settled(one.id for one in bundle.deliveries if self._held.get(one.id) is bundle.lease)

    def hold(self, bundle: Bundle) -> bool:
        """Whether a bundle is ours, and will be for long enough to be sent."""
        left = bundle.lease.until - self._store.clock.now()
        return left > self._seconds * _LEAST and all(
            self._held.get(one.id) is bundle.lease for one in bundle.deliveries
        )

    async def renew(self) -> None:
        """Extend what is held. Raises StoreError; what ends meanwhile is not held any more."""
        numbers, until = list(self._held), 0.0

        def work(connection: Connection) -> float:
            later = self._store.clock.now() + self._seconds
            outcomes.renew(connection, numbers, self._owner, later)
            return later

        try:
            if numbers:
                until = await self._store.write(work)
        finally:
            self._extend(numbers, until)

    def _extend(self, numbers: Sequence[int], until: float) -> None:
        now = self._store.clock.now()
        for number in numbers:
            lease = self._held.get(number)
            if lease is None:
                continue
            if lease.until < now:
                del self._held[number]
            else:
                lease.until = max(lease.until, until)
