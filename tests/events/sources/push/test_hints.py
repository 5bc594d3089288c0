from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from headgate.events.sources.push.hint import JOB_FINISHED, Hint, Way
from headgate.events.sources.push.hints import Hints
from headgate.events.sources.standings import Standing
from headgate.store.signals import Topic
from headgate.store.store import Store

NODES = Hint(Way.TRIGGERS, Topic.NODES)


@pytest.fixture
def standings() -> dict[Way, Standing]:
    return {way: Standing() for way in Way}


@pytest.fixture
async def hints(store: Store, standings: dict[Way, Standing]) -> AsyncIterator[Hints]:
    made = Hints(store, standings)
    run = asyncio.create_task(made.run())
    yield made
    made.stop()
    await asyncio.wait_for(run, 30)


async def test_a_hint_wakes_those_whom_it_concerns_and_nobody_else(store: Store, hints: Hints) -> None:
    nodes, jobs = store.bell(Topic.NODES), store.bell(Topic.JOBS)
    hints.give(NODES)
    assert await nodes.wait(60)
    assert not await jobs.wait(0.3)


async def test_it_is_written_down_by_which_way_hints_came(hints: Hints, standings: dict[Way, Standing]) -> None:
    hints.give(JOB_FINISHED)
    assert [way for way, one in standings.items() if one.seen_at] == [Way.JOBCOMP]


async def test_many_hints_are_passed_on_together(store: Store, standings: dict[Way, Standing]) -> None:
    hints = Hints(store, standings)
    for _ in range(500):
        hints.give(NODES)
        hints.give(JOB_FINISHED)
    written = 0
    write = store.write

    async def counted(work: object) -> object:
        nonlocal written
        written += 1
        return await write(work)  # type: ignore[arg-type] # passed on as it came

    store.write = counted  # type: ignore[method-assign,assignment] # counts, and does the same
    nodes, jobs = store.bell(Topic.NODES), store.bell(Topic.JOBS)
    run = asyncio.create_task(hints.run())
    assert await nodes.wait(60)
    assert await jobs.wait(60)
    hints.stop()
    await asyncio.wait_for(run, 30)
    assert written == 1


async def test_after_the_last_epilog_one_more_look_is_due(store: Store, hints: Hints) -> None:
    bell = store.bell(Topic.JOBS)
    for _ in range(5):
        hints.give(Hint(Way.EPILOG, Topic.JOBS, again=0.3))
    assert await bell.wait(60)
    assert await bell.wait(60)


@pytest.mark.postgresql
async def test_a_hint_reaches_the_watcher_of_another_host(prepared_url: str) -> None:
    here, there = Store(prepared_url, pool=2), Store(prepared_url, pool=2)
    bell = there.bell(Topic.NODES)
    listening = asyncio.create_task(there.listen())
    hints = Hints(here, {way: Standing() for way in Way})
    run = asyncio.create_task(hints.run())
    try:
        assert await bell.wait(60)  # it rings once when it begins to listen
        hints.give(NODES)
        assert await bell.wait(60)
    finally:
        hints.stop()
        listening.cancel()
        await asyncio.gather(run, listening, return_exceptions=True)
        await asyncio.to_thread(here.close)
        await asyncio.to_thread(there.close)
