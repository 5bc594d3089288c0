"""Running parts side by side: every task has a name and is watched, and there is one way to stop.

A part that fails stops all others, aloud: a service that limps is worse than one that is started again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """Something that runs until it is asked to stop. ``stop`` returns at once; ``run`` then ends by itself."""

    name: str
    run: Callable[[], Awaitable[None]]
    stop: Callable[[], None]


class PartFailedError(Exception):
    """A part ended though nobody asked it to."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} ended unexpectedly")
        self.name = name


class Supervisor:
    """Runs parts until it is stopped or one of them fails."""

    def __init__(self, parts: Sequence[Part], *, deadline: float) -> None:
        """``deadline``: seconds that parts get to end by themselves before they are cancelled."""
        self._parts = parts
        self._deadline = deadline
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    async def run(self) -> None:
        """Run every part; return once they have stopped. Raises PartFailedError, or what a part raised."""
        tasks = {asyncio.create_task(_run(part), name=part.name): part for part in self._parts}
        stopped = asyncio.create_task(self._stop.wait(), name="stop")
        try:
            done, _ = await asyncio.wait({*tasks, stopped}, return_when=asyncio.FIRST_COMPLETED)
            failed = next((task for task in done if task is not stopped), None)
            if failed is not None and not self._stop.is_set():
                _log.error("part.failed", part=failed.get_name(), exc_info=failed.exception())
            await self._end(tasks)
        finally:
            stopped.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(stopped, *tasks, return_exceptions=True)
        if failed is not None and not self._stop.is_set():
            raise failed.exception() or PartFailedError(failed.get_name())

    async def _end(self, tasks: dict[asyncio.Task[None], Part]) -> None:
        for task, part in tasks.items():
            if not task.done():
                part.stop()
        running = [task for task in tasks if not task.done()]
        if not running:
            return
        ended, late = await asyncio.wait(running, timeout=self._deadline)
        for task in ended:
            if not task.cancelled() and task.exception() is not None:
                _log.error("part.failed", part=task.get_name(), exc_info=task.exception())
        for task in late:
            _log.warning("part.late", part=task.get_name(), deadline_seconds=self._deadline)


async def _run(part: Part) -> None:
    await part.run()
