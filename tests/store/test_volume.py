from __future__ import annotations

from headgate.store import volume
from headgate.store.store import Store
from tests.web.pages.notifications.told import tell


async def test_rows_and_size_are_told(store: Store) -> None:
    empty = await store.read(volume.rows)
    assert set(empty.values()) == {0}
    await tell(store)
    filled = await store.read(volume.rows)
    assert (filled["deliveries"], filled["events"], filled["failures"]) == (5, 2, 2)
    assert await store.read(volume.size) > 100_000
