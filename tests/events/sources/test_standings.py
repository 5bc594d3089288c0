from __future__ import annotations

import asyncio
import functools

from headgate.events.sources.standings import Standings
from headgate.store import standings
from headgate.store.standings import Stored
from headgate.store.store import Store


async def stored(store: Store, count: int) -> list[Stored]:
    async with asyncio.timeout(60):
        while len(found := await store.read(standings.recall)) < count:
            await asyncio.sleep(0.01)
    return found


async def test_how_sources_stand_is_written_down_and_once_more_at_the_end(store: Store) -> None:
    ours = Standings(store, "head1")
    ours.of("mail").saw(5.0)
    ours.of("watcher hpc").failed("squeue: it is away")
    run = asyncio.create_task(ours.run())
    found = await stored(store, 2)
    assert [(one.name, one.host, one.seen_at, one.problem) for one in found] == [
        ("mail", "head1", 5.0, ""),
        ("watcher hpc", "head1", None, "squeue: it is away"),
    ]
    ours.of("mail").saw(6.0)
    ours.stop()
    await asyncio.wait_for(run, 30)
    assert (await store.read(standings.recall))[0].seen_at == 6.0


async def test_what_goes_well_is_not_written_at_every_look(store: Store) -> None:
    ours = Standings(store, "head1")
    run = asyncio.create_task(ours.run())
    ours.of("watcher").saw(100.0)
    (first,) = await stored(store, 1)
    ours.of("watcher").saw(105.0)
    ours.of("nodes").failed("x")
    await stored(store, 2)
    assert {one.name: one.seen_at for one in await store.read(standings.recall)} == {"watcher": 100.0, "nodes": None}
    assert first.seen_at == 100.0
    ours.stop()
    await asyncio.wait_for(run, 30)


async def test_services_that_share_a_store_are_told_apart(store: Store) -> None:
    for host in ("head1", "head2"):
        one = Stored("mail", host, 1.0, "", 2.0)
        await store.write(functools.partial(standings.keep, found=[one]))
    assert [(one.name, one.host) for one in await store.read(standings.recall)] == [
        ("mail", "head1"),
        ("mail", "head2"),
    ]


async def test_seeing_something_ends_what_was_wrong(store: Store) -> None:
    one = Standings(store, "h").of("watcher")
    one.failed("away")
    one.saw(3.0)
    assert (one.seen_at, one.problem) == (3.0, "")
    assert Standings(store, "h").of("watcher") is not one
