"""A service ends when its store is brought to a revision that it cannot work on."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from headgate.errors import StoreError
from headgate.service import revision as watched
from headgate.service.revision import RevisionWatch
from headgate.store import revision
from headgate.store.store import Store


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "_EVERY", 0.02)


async def bring(store: Store, to: str) -> None:
    await store.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": to}) and None)


async def test_it_works_on_while_the_tables_are_its_own_or_the_next_ones(store: Store) -> None:
    watch = RevisionWatch(store)
    task = asyncio.create_task(watch.run())
    await bring(store, revision.following(revision.NEWEST))
    await asyncio.wait([task], timeout=0.2)
    assert not task.done()
    watch.stop()
    await asyncio.wait_for(task, 20)
    await bring(store, revision.NEWEST)


async def test_it_ends_aloud_when_they_are_further_ahead(store: Store) -> None:
    task = asyncio.create_task(RevisionWatch(store).run())
    await bring(store, revision.following(revision.following(revision.NEWEST)))
    try:
        with pytest.raises(StoreError, match="install the newer one"):
            await asyncio.wait_for(task, 20)
    finally:
        await bring(store, revision.NEWEST)
