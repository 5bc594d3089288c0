"""Of some parts exactly one runs, however many services share a store."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from headgate.service import roles
from headgate.service.roles import Role
from headgate.store.store import Store
from headgate.testing.postgresql import PostgresServer


class Acting:
    """A part that counts how many of its kind run."""

    running = 0
    most = 0
    begun = 0

    def __init__(self) -> None:
        self._stop = asyncio.Event()

    async def run(self) -> None:
        Acting.running += 1
        Acting.begun += 1
        Acting.most = max(Acting.most, Acting.running)
        try:
            await self._stop.wait()
        finally:
            Acting.running -= 1

    def stop(self) -> None:
        self._stop.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "_EVERY", 0.05)
    Acting.running = Acting.most = Acting.begun = 0


@pytest.fixture
async def shared(postgres: PostgresServer) -> AsyncIterator[Store]:
    """A store that several services may share."""
    opened = Store(postgres.new_database(), pool=3)
    yield opened
    await asyncio.to_thread(opened.close)


@asynccontextmanager
async def standing(store: Store, make: type[Acting] = Acting) -> AsyncIterator[Role]:
    role = Role(store, "acting", make)
    task = asyncio.create_task(role.run())
    try:
        yield role
    finally:
        role.stop()
        await asyncio.wait_for(task, 20)


async def until(begun: int) -> None:
    async with asyncio.timeout(20):
        while Acting.begun < begun or not Acting.running:
            await asyncio.sleep(0.01)


async def test_the_part_runs_until_it_is_stopped(store: Store) -> None:
    async with standing(store):
        await until(1)
    assert (Acting.running, Acting.begun) == (0, 1)


@pytest.mark.postgresql
async def test_of_two_services_one_runs_the_part_and_the_other_takes_over(shared: Store) -> None:
    async with standing(shared) as second, standing(shared) as first:
        await until(1)
        await asyncio.sleep(0.3)
        assert (Acting.running, Acting.begun) == (1, 1)
        holder = first if first._part is not None else second
        holder.stop()
        await until(2)
    assert Acting.most == 1


@pytest.mark.postgresql
async def test_a_service_that_loses_its_lock_stops_the_part_and_tries_again(shared: Store) -> None:
    async with standing(shared):
        await until(1)
        ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        await shared.write(lambda c: c.execute(text(ended)) and None)
        await until(2)
    assert Acting.most == 1


@pytest.mark.postgresql
async def test_a_service_that_gets_no_answer_about_its_lock_stops_the_part(
    shared: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "_ANSWER", 0.2)
    async with standing(shared):
        await until(1)
        holder = "SELECT pid FROM pg_locks WHERE locktype = 'advisory'"
        pid = await shared.read(lambda c: c.execute(text(holder)).scalar_one())
        os.kill(pid, signal.SIGSTOP)  # as a host whose network is gone: nobody answers, and nobody says so
        try:
            async with asyncio.timeout(20):
                while Acting.running:
                    await asyncio.sleep(0.01)
        finally:
            os.kill(pid, signal.SIGCONT)
        await until(2)
    assert Acting.most == 1


class Failing(Acting):
    async def run(self) -> None:
        raise ValueError("broken")


async def test_a_part_that_fails_fails_the_role(store: Store) -> None:
    with pytest.raises(ValueError, match="broken"):
        await Role(store, "acting", Failing).run()


@pytest.mark.parametrize("turns", [0, 1, 3])
async def test_a_stop_that_comes_before_the_part_runs_counts(store: Store, turns: int) -> None:
    role = Role(store, "acting", Acting)
    task = asyncio.create_task(role.run())
    for _ in range(turns):
        await asyncio.sleep(0)
    role.stop()
    await asyncio.wait_for(task, 20)
    assert Acting.running == 0
