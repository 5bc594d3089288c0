"""What an engine is doing: one task for each thing, all of which end before it does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Generic, TypeVar

K = TypeVar("K", int, str)


class UnderWay(Generic[K]):
    """Tasks by what they are about. One that is over still counts until it is forgotten."""

    def __init__(self) -> None:
        self._tasks: dict[K, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[K]:
        return iter(self._tasks)

    def __contains__(self, key: K) -> bool:
        return key in self._tasks

    def add(self, key: K, task: asyncio.Task[None]) -> None:
        """Know of a task."""
        self._tasks[key] = task

    def forget_ended(self) -> None:
        """Forget the tasks that ended; what one raised, which is none of the errors it handles, ends the service."""
        for key, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[key]
                task.result()

    async def rest(self) -> None:
        """Wait until everything that has begun is over."""
        while self._tasks:
            await self.settle()
            self.forget_ended()

    async def end(self) -> None:
        """Let what is being done come to its end, until the supervisor's patience is over."""
        try:
            await self.settle()
        finally:
            await self.cancel()

    async def settle(self) -> None:
        """Wait until what has begun by now is over, however it ended."""
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    async def cancel(self) -> None:
        """Break everything off."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
