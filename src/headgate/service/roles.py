"""Parts of which exactly one may run, however many services share a store.

On PostgreSQL the service that holds an advisory lock runs the part; the others stand by and take over within seconds
when it ends, also when it dies. On SQLite there is only one service.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

import structlog

from headgate.service.role_keeper import ENDING, Claim, RoleKeeper

_log = structlog.get_logger(__name__)
_AGAIN = 2.0
"""Seconds until a part that ended by itself is wanted again: meanwhile another service may have it."""


class Stoppable(Protocol):
    """Something that runs until it is asked to stop."""

    async def run(self) -> None:
        """Run until ``stop``."""

    def stop(self) -> None:
        """Ask ``run`` to end."""


class Role:
    """Runs a part while this service is the one that may. ``make`` makes the part anew every time it gets to run."""

    def __init__(self, keeper: RoleKeeper, name: str, make: Callable[[], Stoppable]) -> None:
        self._keeper = keeper
        self._name = name
        self._make = make
        self._stop = asyncio.Event()
        self._part: Stoppable | None = None

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()
        if self._part is not None:
            self._part.stop()

    async def run(self) -> None:
        """Run the part whenever the role is ours, until ``stop``."""
        while not self._stop.is_set():
            with self._keeper.claim(self._name) as claim:
                await self._stopped_or(claim.held)
                if self._stop.is_set():
                    return
                claim.held.result()
                await self._act(claim)
            if not claim.lost.done():
                await self._rest()

    async def _stopped_or(self, held: asyncio.Future[None]) -> None:
        stopped = asyncio.create_task(self._stopped(), name=f"{self._name} stop")
        try:
            await asyncio.wait({stopped, held}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()

    async def _stopped(self) -> None:
        await self._stop.wait()

    async def _act(self, claim: Claim) -> None:
        """Run the part until it ends, or until the role is lost. Raises what the part, or the keeper, failed with."""
        self._part = part = self._make()
        running = asyncio.create_task(part.run(), name=self._name)
        try:
            await asyncio.wait({running, claim.lost}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                _log.warning("role.lost", role=self._name)
                part.stop()
                await asyncio.wait({running}, timeout=ENDING)
            if running.done():
                running.result()
            else:
                _log.warning("role.cancelled", role=self._name, deadline_seconds=ENDING)
            if claim.lost.done():
                claim.lost.result()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            self._part = None

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AGAIN):
                await self._stop.wait()
