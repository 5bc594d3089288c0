from __future__ import annotations

from headgate.store import memories
from headgate.store.store import Store


async def test_nothing_is_recalled_before_something_was_kept(store: Store) -> None:
    assert await store.read(lambda c: memories.recall(c, "bot matrix")) is None


async def test_what_was_kept_last_is_recalled_under_its_name_alone(store: Store) -> None:
    await store.write(lambda c: memories.keep(c, "bot matrix", "s1"))
    await store.write(lambda c: memories.keep(c, "bot telegram", "17"))
    await store.write(lambda c: memories.keep(c, "bot matrix", "s2"))
    assert await store.read(lambda c: memories.recall(c, "bot matrix")) == "s2"
    assert await store.read(lambda c: memories.recall(c, "bot telegram")) == "17"
