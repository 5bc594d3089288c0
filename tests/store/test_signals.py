"""Bells that ring when there is news."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from headgate.store.signals import Signals, Topic


async def test_every_bell_of_a_topic_rings_and_the_loop_is_woken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    signals, loop, woken = Signals(), asyncio.get_running_loop(), []
    bells = [signals.bell(Topic.EVENTS, Topic.JOBS) for _ in range(200)]
    other = signals.bell(Topic.NODES)
    wake = loop.call_soon_threadsafe

    def counted(callback: Callable[..., object], *arguments: object) -> asyncio.Handle:
        woken.append(callback)
        return wake(callback, *arguments)

    monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
    await asyncio.to_thread(lambda: None)
    by_a_thread = len(woken)
    woken.clear()
    await asyncio.to_thread(signals.ring, Topic.EVENTS)
    assert len(woken) == by_a_thread + 1
    assert all(await asyncio.gather(*(bell.wait(60) for bell in bells)))
    assert not await other.wait(0)
    assert not await bells[0].wait(0)


async def test_a_bell_of_a_loop_that_is_over_does_no_harm() -> None:
    signals = Signals()

    async def make() -> object:
        return signals.bell(Topic.EVENTS)

    gone = await asyncio.to_thread(asyncio.run, make())
    bell = signals.bell(Topic.EVENTS)
    signals.ring(Topic.EVENTS)
    assert await bell.wait(60)
    assert gone is not None
