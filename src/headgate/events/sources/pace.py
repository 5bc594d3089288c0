"""When a watcher looks again: after its pause, or sooner when something wakes it, but not more often than it may."""

from __future__ import annotations

import time
from collections.abc import Callable

from headgate.store.signals import Bell


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
