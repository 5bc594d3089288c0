"""Parts of which exactly one may run, however many services share a store.

On PostgreSQL the service that holds an advisory lock runs the part; the others stand by and take over within seconds
when it ends, also when it dies. On SQLite there is only one service.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import psycopg
import structlog

from headgate.store.liveness import break_off
from headgate.store.store import Store

_log = structlog.get_logger(__name__)
_EVERY = 2.0
"""Seconds between two tries to get a role, and between two looks whether we still have it."""
_ANSWER = 3.0
"""Seconds the store has to answer such a look. A service that is cut off has stopped by then, some seconds before the
store takes its connection for dead (``store/liveness.py``) and another service gets the role."""


class Stoppable(Protocol):
    """Something that runs until it is asked to stop."""

    async def run(self) -> None:
        """Run until ``stop``."""

    def stop(self) -> None:
        """Ask ``run`` to end."""


class Role:
    """Runs a part while this service is the one that may. ``make`` makes the part anew every time it gets to run."""

    def __init__(self, store: Store, name: str, make: Callable[[], Stoppable]) -> None:
        self._store = store
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
            try:
                async with self._held() as held:
                    if held is not None and not self._stop.is_set():
                        await self._act(held)
                        continue
            except psycopg.OperationalError as error:
                _log.warning("role.store_lost", role=self._name, error=str(error).split("\n", 1)[0])
            await self._rest()

    async def _act(self, held: Callable[[], Awaitable[None]]) -> None:
        """Run the part until it ends, or until the role is lost."""
        self._part = part = self._make()
        running = asyncio.create_task(part.run(), name=self._name)
        losing = asyncio.create_task(_until_lost(held), name=f"{self._name} lock")
        try:
            await asyncio.wait({running, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                _log.warning("role.lost", role=self._name)
                part.stop()
            await running
        finally:
            losing.cancel()
            running.cancel()
            await asyncio.gather(losing, running, return_exceptions=True)
            self._part = None

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_EVERY):
                await self._stop.wait()

    @contextlib.asynccontextmanager
    async def _held(self) -> AsyncIterator[Callable[[], Awaitable[None]] | None]:
        """Hold the role's lock; give what raises OperationalError once the lock is lost, or None if another has it."""
        if self._store.sqlite:
            yield _forever
            return
        async with await self._store.connect() as connection:
            asked = await connection.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (f"headgate {self._name}",))
            row = await asked.fetchone()
            if row is None or not row[0]:
                yield None
                return
            _log.info("role.taken", role=self._name)

            async def still() -> None:
                asking = asyncio.create_task(_ask(connection), name=f"{self._name} lock")
                await asyncio.wait({asking}, timeout=_ANSWER)
                if not asking.done():
                    break_off(connection)
                await asking

            yield still


async def _ask(connection: psycopg.AsyncConnection) -> None:
    await connection.execute("SELECT 1")


async def _until_lost(still: Callable[[], Awaitable[None]]) -> None:
    try:
        while True:
            await asyncio.sleep(_EVERY)
            await still()
    except psycopg.OperationalError:
        return


async def _forever() -> None:
    return
