from __future__ import annotations

import asyncio
import gc
import threading

from headgate.store.signals import Bell, Signals, Topic


async def test_a_bell_rings_for_its_topic_only() -> None:
    signals = Signals()
    ready, events = signals.bell(Topic.READY), signals.bell(Topic.EVENTS)
    signals.ring(Topic.READY)
    assert await ready.wait(30)
    assert not await events.wait(0)


async def test_all_bells_of_a_topic_ring() -> None:
    signals = Signals()
    bells = [signals.bell(Topic.READY) for _ in range(3)]
    signals.ring(Topic.READY)
    assert await asyncio.gather(*(bell.wait(30) for bell in bells)) == [True] * 3


async def test_ringing_before_the_wait_is_not_lost_and_counts_once() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    await asyncio.sleep(0)
    assert await bell.wait(30)
    assert not await bell.wait(0)


async def test_another_thread_may_ring() -> None:
    signals = Signals()
    bell = signals.bell(Topic.WAITING)
    thread = threading.Thread(target=signals.ring, args=(Topic.WAITING,))
    waiting = asyncio.create_task(bell.wait(30))
    thread.start()
    assert await waiting
    thread.join()


async def test_a_bell_nobody_holds_is_forgotten() -> None:
    signals = Signals()
    kept = signals.bell(Topic.READY)
    signals.bell(Topic.READY)
    gc.collect()
    assert list(signals._bells[Topic.READY]) == [kept]


def test_a_bell_whose_loop_has_ended_may_still_be_rung() -> None:
    async def make() -> Bell:
        return Bell()

    asyncio.run(make()).ring()
