"""A part that counts how many of its kind run, for tests of roles."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar


class Acting:
    """Runs until it is stopped."""

    running: ClassVar = 0
    most: ClassVar = 0
    begun: ClassVar = 0

    def __init__(self) -> None:
        self._stop = asyncio.Event()

    @staticmethod
    def forget() -> None:
        """Count from nothing again."""
        Acting.running = Acting.most = Acting.begun = 0

    async def run(self) -> None:
        """Run until ``stop``."""
        Acting.running += 1
        Acting.begun += 1
        Acting.most = max(Acting.most, Acting.running)
        try:
            await self._stop.wait()
        finally:
            Acting.running -= 1

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()


async def until(what: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while not what():
            await asyncio.sleep(0.01)
