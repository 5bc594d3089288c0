"""Whoever shares a store goes by its clock, whatever their own shows."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text

from headgate.store import clock
from headgate.store.clock import READ
from headgate.store.store import Store

HOUR = 3600.0


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """This host's wall clock is an hour ahead."""
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + HOUR)


async def test_it_is_the_servers_clock_or_that_of_the_only_process(store: Store, ahead: None) -> None:
    del ahead
    seen = await store.read(lambda c: (clock.now(c), c.execute(text(READ)).scalar_one() if not store.sqlite else None))
    shown = time.time() if seen[1] is None else float(seen[1])
    assert abs(seen[0] - shown) < HOUR / 2
    assert abs(store.clock.now() - shown) < HOUR / 2


async def test_it_is_set_again_when_the_servers_clock_was_set(store: Store) -> None:
    store.clock.told(5.0)
    assert abs(store.clock.now() - 5.0) < HOUR
    await store.read(store.clock.read)
    behind = time.time() - store.clock.now()
    assert (behind > HOUR) if store.sqlite else abs(behind) < HOUR
