"""Of some parts exactly one runs, however many services share a store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from headgate.service import role_keeper, roles
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.store.store import Store
from headgate.testing.postgresql import PostgresServer
from tests.service.acting import Acting, until
from tests.service.thin_wire import ThinWire


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role_keeper, "_EVERY", 0.05)
    monkeypatch.setattr(roles, "_AGAIN", 0.05)
    Acting.forget()


@pytest.fixture
async def shared(postgres: PostgresServer) -> AsyncIterator[Store]:
    """A store that several services may share."""
    opened = Store(postgres.new_database(), pool=3)
    yield opened
    await asyncio.to_thread(opened.close)


@asynccontextmanager
async def standing(store: Store, make: type[Acting] = Acting) -> AsyncIterator[Role]:
    """A service that has one role, or wants it."""
    keeper = RoleKeeper(store)
    role = Role(keeper, "acting", make)
    task = asyncio.create_task(role.run())
    try:
        yield role
    finally:
        role.stop()
        await asyncio.wait_for(task, 20)
        await asyncio.wait_for(keeper.aclose(), 20)


async def test_the_part_runs_until_it_is_stopped(store: Store) -> None:
    async with standing(store):
        await until(lambda: Acting.running == 1)
    assert (Acting.running, Acting.begun) == (0, 1)


@pytest.mark.postgresql
async def test_of_two_services_one_runs_the_part_and_the_other_takes_over(shared: Store) -> None:
    async with standing(shared) as second, standing(shared) as first:
        await until(lambda: Acting.running == 1)
        await asyncio.sleep(0.3)
        assert (Acting.running, Acting.begun) == (1, 1)
        holder = first if first._part is not None else second
        holder.stop()
        await until(lambda: Acting.begun == 2)
    assert Acting.most == 1


@pytest.mark.postgresql
async def test_a_service_that_loses_its_lock_stops_the_part_and_tries_again(shared: Store) -> None:
    async with standing(shared):
        await until(lambda: Acting.running == 1)
        ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        await shared.write(lambda c: c.execute(text(ended)) and None)
        await until(lambda: Acting.begun == 2)
    assert Acting.most == 1


class Ending(Acting):
    """Ends by itself, at first."""

    async def run(self) -> None:
        if Acting.begun < 3:
            self.stop()
        await super().run()


async def test_a_part_that_ends_by_itself_runs_again(store: Store) -> None:
    async with standing(store, Ending):
        await until(lambda: Acting.begun == 4)
    assert Acting.most == 1


class Failing(Acting):
    async def run(self) -> None:
        raise ValueError("broken")


async def test_a_part_that_fails_fails_the_role(store: Store) -> None:
    with pytest.raises(ValueError, match="broken"):
        await Role(RoleKeeper(store), "acting", Failing).run()


class Deaf(Acting):
    """Does not end when it is asked to."""

    def stop(self) -> None:
        pass


@pytest.mark.postgresql
async def test_a_part_that_does_not_end_when_its_role_is_lost_is_cancelled_before_another_service_begins(
    shared: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(role_keeper, "_ANSWER", 0.3)
    monkeypatch.setattr(role_keeper, "ENDING", 0.5)
    monkeypatch.setattr(roles, "ENDING", 0.5)
    async with ThinWire(shared.url) as wire:
        cut = Store(wire.url, pool=1)
        async with standing(cut, Deaf) as deaf:
            await until(lambda: Acting.running == 1)
            async with standing(shared):
                wire.freeze()
                await until(lambda: Acting.running == 0)
                deaf.stop()
                wire.tear()
                await until(lambda: Acting.begun == 2)
        await asyncio.to_thread(cut.close)
    assert Acting.most == 1


@pytest.mark.parametrize("turns", [0, 1, 3])
async def test_a_stop_that_comes_before_the_part_runs_counts(store: Store, turns: int) -> None:
    role = Role(RoleKeeper(store), "acting", Acting)
    task = asyncio.create_task(role.run())
    for _ in range(turns):
        await asyncio.sleep(0)
    role.stop()
    await asyncio.wait_for(task, 20)
    assert Acting.running == 0
