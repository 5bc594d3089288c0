from __future__ import annotations

import asyncio
from pathlib import Path

from headgate.store import migrate, revision
from headgate.store.store import Store


def test_the_newest_revision_is_the_newest_migration() -> None:
    assert migrate.newest() == revision.NEWEST


async def test_a_prepared_store_is_at_the_newest(store: Store) -> None:
    assert await store.read(revision.current) == revision.NEWEST


async def test_an_empty_one_is_at_none(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/headgate.db")
    assert await store.read(revision.current) is None
    await asyncio.to_thread(store.close)
