"""When a watcher looks again: after its pause, or sooner when something wakes it, but not more often than it may."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from prometheus_client import Counter

from headgate.errors import SlurmError, StoreError
from headgate.events.sources.health import Health
from headgate.events.sources.standings import Standing
from headgate.store.signals import Bell


async def look_on(
    look: Callable[[], Awaitable[object]],
    bell: Bell,
    *,
    health: Health,
    standing: Standing,
    counted: Counter,
    min_interval: float,
    stopping: Callable[[], bool],
) -> None:
    """Look again and again until ``stopping``, and keep how it went; a look that fails is repeated after the pause.

    ``counted`` has one label, how a look went. ``min_interval``: seconds between two looks at least, whatever rings.
    """
    while not stopping():
        begun = time.monotonic()
        try:
            await look()
        except (SlurmError, StoreError) as error:
            counted.labels("failed").inc()
            standing.failed(error.message)
            health.failed(error.message)
        else:
            counted.labels("answered").inc()
            standing.saw(time.time())
            health.answered()
        await until_next_look(
            bell, begun=begun, pause=health.pause(), at_least=health.at_least(min_interval), stopping=stopping
        )


async def until_next_look(
    bell: Bell, *, begun: float, pause: float, at_least: float, stopping: Callable[[], bool]
) -> None:
    """Wait ``pause`` seconds, or, once the bell rings, until ``at_least`` seconds lie between two looks.

    ``begun``: when the last look began, by the monotonic clock. Returns early only if ``stopping``.
    """
    woken = await bell.wait(pause)
    while woken and not stopping():
        left = begun + min(pause, at_least) - time.monotonic()
        if left <= 0:
            return
        await bell.wait(left)
