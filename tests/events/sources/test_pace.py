"""How often a watcher looks, whoever wakes it."""

from __future__ import annotations

import asyncio
import time

from headgate.events.sources.pace import until_next_look
from headgate.store.signals import Bell


async def test_a_flood_of_hints_does_not_make_a_look_come_sooner_than_it_may() -> None:
    bell = Bell()
    begun = time.monotonic()
    flood = asyncio.create_task(_ring_on(bell))
    try:
        await until_next_look(bell, begun=begun, pause=600.0, at_least=0.5, stopping=lambda: False)
    finally:
        flood.cancel()
    assert time.monotonic() - begun >= 0.5


async def test_without_hints_the_pause_is_kept() -> None:
    begun = time.monotonic()
    await until_next_look(Bell(), begun=begun, pause=0.2, at_least=0.1, stopping=lambda: False)
    assert time.monotonic() - begun >= 0.2


async def test_a_hint_that_came_during_the_look_counts() -> None:
    bell = Bell()
    bell.ring()
    async with asyncio.timeout(60):
        await until_next_look(bell, begun=time.monotonic() - 10, pause=600.0, at_least=1.0, stopping=lambda: False)


async def test_whoever_stops_does_not_wait() -> None:
    bell = Bell()
    bell.ring()
    async with asyncio.timeout(60):
        await until_next_look(bell, begun=time.monotonic(), pause=600.0, at_least=300.0, stopping=lambda: True)


async def _ring_on(bell: Bell) -> None:
    while True:
        bell.ring()
        await asyncio.sleep(0.005)
