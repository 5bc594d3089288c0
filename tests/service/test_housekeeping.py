from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from headgate.errors import StoreError
from headgate.model.delivery import DeliveryState
from headgate.model.event import Event, EventKind, Source
from headgate.service.housekeeping import Housekeeping, HousekeepingSettings, tidy
from headgate.store import claims, deliveries, journal, outcomes, retention, sessions, sign_ins
from headgate.store.claims import Limits
from headgate.store.deliveries import DeliveryFilter
from headgate.store.migrate import migrate
from headgate.store.outcomes import Settled
from headgate.store.sign_ins import SignInKind
from headgate.store.store import Store
from headgate.store.tables import events
from tests.store.owed import owe

DAY = 86400.0
SETTINGS = HousekeepingSettings(lease=0.04)


async def old_and_new(store: Store) -> None:
    """Have an old and a new delivery that are over, and an old and a new event that nothing followed from."""
    for age in (100 * DAY, 0.0):
        await owe(store, [("ada", 1)], now=time.time() - age)
        bundles = await store.write(
            lambda c: claims.claim(c, "mailto", Limits(), owner="w", now=time.time(), lease=9.0, most=9)
        )
        done = [Settled((one.id,), DeliveryState.DELIVERED) for bundle in bundles for one in bundle.deliveries]
        await store.write(lambda c, age=age, done=done: outcomes.record(c, done, owner="w", now=time.time() - age))  # type: ignore[misc]
    facts = [Event(f"k{number}", EventKind.JOB_STARTED, 1.0, "job", Source.WATCHER) for number in range(2)]
    await store.write(lambda c: journal.append(c, facts))
    await store.write(lambda c: c.execute(events.update().where(events.c.key == "k0").values(recorded_at=1.0)) and None)


async def test_what_is_older_than_the_settings_say_is_forgotten(store: Store) -> None:
    await old_and_new(store)
    forgotten = await Housekeeping(store, SETTINGS).clean()
    assert (forgotten["deliveries"], forgotten["events"]) == (1, 1)
    assert await store.read(retention.sizes) == {"events": 3, "deliveries": 1, "jobs": 0}
    assert await Housekeeping(store, SETTINGS).clean() == dict.fromkeys(forgotten, 0)


async def test_zero_days_keep_for_ever(store: Store) -> None:
    await old_and_new(store)
    for_ever = replace(SETTINGS, events_days=0, deliveries_days=0, audit_days=0, submissions_days=0, builds_days=0)
    assert set(await Housekeeping(store, for_ever).clean()) == {"buckets", "codes", "sessions", "sign_ins", "tokens"}
    assert await store.read(retention.sizes) == {"events": 4, "deliveries": 2, "jobs": 0}


async def test_a_lot_is_forgotten_to_the_end(store: Store) -> None:
    facts = [Event(f"k{number}", EventKind.JOB_STARTED, 1.0, "job", Source.WATCHER) for number in range(4500)]
    await store.write(lambda c: journal.append(c, facts))
    await store.write(lambda c: c.execute(events.update().values(recorded_at=1.0)) and None)
    assert (await Housekeeping(store, SETTINGS).clean())["events"] == 4500


async def test_work_of_workers_that_died_is_taken_back(store: Store) -> None:
    await owe(store, [("ada", 1)])
    await store.write(lambda c: claims.claim(c, "mailto", Limits(), owner="dead", now=time.time(), lease=0.0, most=9))
    keeping = Housekeeping(store, SETTINGS)
    run = asyncio.create_task(keeping.run())
    async with asyncio.timeout(30):
        while True:
            [item] = await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=10))
            if item.state is DeliveryState.READY:
                break
            await asyncio.sleep(0.01)
    keeping.stop()
    await asyncio.wait_for(run, 30)


async def test_it_cleans_every_interval(store: Store) -> None:
    await old_and_new(store)
    keeping = Housekeeping(store, replace(SETTINGS, interval=0.01))
    run = asyncio.create_task(keeping.run())
    async with asyncio.timeout(30):
        while (await store.read(retention.sizes))["deliveries"] > 1:
            await asyncio.sleep(0.01)
    keeping.stop()
    await asyncio.wait_for(run, 30)


async def test_a_store_that_fails_does_not_end_it(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/headgate.db")
    with pytest.raises(StoreError):
        await Housekeeping(store, SETTINGS).clean()  # there are no tables yet
    keeping = Housekeeping(store, replace(SETTINGS, interval=0.01))
    run = asyncio.create_task(keeping.run())
    await asyncio.sleep(0.1)
    await asyncio.to_thread(migrate, store)
    await owe(store, [("ada", 1)])
    await store.write(lambda c: claims.claim(c, "mailto", Limits(), owner="dead", now=time.time(), lease=0.0, most=9))
    async with asyncio.timeout(30):
        while (await store.read(deliveries.backlog)) != {("mailto", "ready"): 1}:
            await asyncio.sleep(0.01)
    keeping.stop()
    await asyncio.wait_for(run, 30)
    store.close()


async def test_space_is_given_back(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/headgate.db")
    await asyncio.to_thread(migrate, store)
    facts = [Event(f"k{number}", EventKind.JOB_STARTED, 1.0, "job" * 100, Source.WATCHER) for number in range(2000)]
    await store.write(lambda c: journal.append(c, facts))
    await asyncio.to_thread(tidy, store)
    full = (tmp_path / "headgate.db").stat().st_size
    await store.write(lambda c: retention.forget_events(c, time.time() + 10))
    await asyncio.to_thread(tidy, store)
    assert (tmp_path / "headgate.db").stat().st_size < full / 3
    store.close()


async def test_who_is_signed_out_and_who_never_came_in_is_forgotten(store: Store) -> None:
    def fill(connection: Connection) -> None:
        now = time.time()
        for begun, lifetime in ((now - 50, 1e6), (now - 200, 1e6), (now - 50, 20.0)):
            sessions.begin(connection, "uma", way="link", now=begun, lifetime=lifetime)
        sign_ins.issue(connection, SignInKind.LINK, {}, now=now, lifetime=100.0)
        sign_ins.issue(connection, SignInKind.LINK, {}, now=now - 200, lifetime=100.0)

    await store.write(fill)
    cleaned = await Housekeeping(store, HousekeepingSettings(session_idle=100.0)).clean()
    assert (cleaned["sessions"], cleaned["sign_ins"]) == (2, 1)
