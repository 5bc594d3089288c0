"""The events of StackStorm's sensor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headgate.errors import SlurmCommandError
from headgate.events.journal import Journal
from headgate.events.sources.push.sensor import Sensor
from headgate.model.event import Event
from headgate.store import journal
from headgate.store.journal import EventFilter
from headgate.store.store import Store

OTHER = "0b1f6f0e-1111-4222-8333-0123456789ab"


async def _cluster() -> str:
    return "hpc"


async def _away() -> str:
    raise SlurmCommandError("scontrol: it is away")


async def written(store: Store, count: int) -> list[Event]:
    """Return the journal once it has so many events."""
    async with asyncio.timeout(60):
        while len(found := await store.read(lambda c: journal.find(c, EventFilter(), limit=100))) < count:
            await asyncio.sleep(0.01)
    return sorted((item.event for item in found), key=lambda event: event.time)


@asynccontextmanager
async def running(sensor: Sensor, store: Store, before: int = 0) -> AsyncIterator[Sensor]:
    """Run a sensor, which has written that it is up."""
    run = asyncio.create_task(sensor.run())
    await written(store, before + 1)
    yield sensor
    sensor.stop()
    await asyncio.wait_for(run, 30)


async def test_it_tells_what_the_packs_sensor_told(store: Store) -> None:
    async with running(Sensor(store, Journal(), _cluster), store) as sensor:
        sensor.triggered(sensor.uuid, "node", "down")
        await written(store, 2)
    up, triggered, down = await written(store, 3)
    assert [up.kind.value, triggered.kind.value, down.kind.value] == ["sensor.up", "sensor.triggered", "sensor.down"]
    assert up.data == down.data == {"uuid": sensor.uuid}
    assert triggered.data == {"uuid": sensor.uuid, "class": "node", "type": "down"}
    assert triggered.cluster == "hpc"


async def test_the_uuid_stays_the_same_so_that_triggers_stay_good(store: Store) -> None:
    async with running(Sensor(store, Journal(), _cluster), store) as first:
        pass
    async with running(Sensor(store, Journal(), _cluster), store, 2) as second:
        assert first.uuid == second.uuid


async def test_only_known_uuids_make_events(store: Store) -> None:
    async with running(Sensor(store, Journal(), _away, frozenset({OTHER})), store) as sensor:
        sensor.triggered("0b1f6f0e-0000-4222-8333-0123456789ab", "node", "down")
        sensor.triggered(OTHER, "node", "drain")
        await written(store, 2)
    kinds = [event.data.get("type") for event in await written(store, 3)]
    assert kinds == [None, "drain", None]


async def test_a_flood_makes_one_event_a_second(store: Store) -> None:
    async with running(Sensor(store, Journal(), _cluster), store) as sensor:
        for _ in range(2000):
            sensor.triggered(sensor.uuid, "node", "up")
    found = [event for event in await written(store, 3) if event.kind.value == "sensor.triggered"]
    assert 1 <= len(found) <= 3
