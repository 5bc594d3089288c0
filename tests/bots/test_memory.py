from __future__ import annotations

from headgate.bots.memory import StoreMemory
from headgate.store.store import Store


async def test_another_instance_recalls_what_one_kept(store: Store) -> None:
    await StoreMemory(store, "bot matrix").keep("s42")
    assert await StoreMemory(store, "bot matrix").recall() == "s42"
    assert await StoreMemory(store, "bot slack").recall() is None
