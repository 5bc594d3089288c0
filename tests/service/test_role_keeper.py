"""All roles of a service are held by one connection."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from headgate.service import role_keeper, roles
from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.store import liveness
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.postgresql import PostgresServer
from headgate.testing.smtp.sink import SmtpSink
from tests.service.acting import Acting, until
from tests.service.running import RunningHeadgate, mail_only
from tests.service.thin_wire import ThinWire

pytestmark = pytest.mark.postgresql
_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_LOCKS = "FROM pg_locks JOIN pg_database ON oid = database WHERE locktype = 'advisory' AND datname = current_database()"
_SET = (role_keeper._EVERY, role_keeper._ANSWER, role_keeper.ENDING)
"""What the service works with, before tests speed it up."""
MANY = [f"role {number}" for number in range(200)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role_keeper, "_EVERY", 0.05)
    monkeypatch.setattr(roles, "_AGAIN", 0.05)
    Acting.forget()


@pytest.fixture
async def shared(postgres: PostgresServer) -> AsyncIterator[Store]:
    """A store that several services may share."""
    opened = Store(postgres.new_database(), pool=1)
    yield opened
    await asyncio.to_thread(opened.close)


class Service:
    """The roles of one service, as they are wanted, got and lost."""

    def __init__(self, store: Store, names: Sequence[str], make: type[Acting] = Acting) -> None:
        self.keeper = RoleKeeper(store)
        self.roles = {name: Role(self.keeper, name, make) for name in names}
        self.tasks = {name: asyncio.create_task(role.run()) for name, role in self.roles.items()}

    @property
    def held(self) -> int:
        """How many roles it acts on."""
        return sum(role._part is not None for role in self.roles.values())

    async def end(self) -> None:
        """End well."""
        for role in self.roles.values():
            role.stop()
        await asyncio.wait_for(asyncio.gather(*self.tasks.values(), return_exceptions=True), 20)
        await asyncio.wait_for(self.keeper.aclose(), 20)


@asynccontextmanager
async def service(store: Store, names: Sequence[str], make: type[Acting] = Acting) -> AsyncIterator[Service]:
    running = Service(store, names, make)
    try:
        yield running
    finally:
        await running.end()


async def numbers(store: Store, query: str) -> list[int]:
    """Ask for numbers, in their order."""
    return sorted(await store.read(lambda c: list(c.execute(text(query)).scalars())))


async def connections(store: Store) -> list[int]:
    """Return which connections there are beside the one that asks."""
    return await numbers(store, f"SELECT pid {_OTHERS} AND backend_type = 'client backend'")


async def holders(store: Store) -> list[int]:
    """Return the connection of each lock."""
    return await numbers(store, f"SELECT pid {_LOCKS}")


async def become(many: int, ask: Callable[[Store], Awaitable[list[int]]], store: Store) -> list[int]:
    """Ask until there are so many: PostgreSQL notices the end of a connection a moment later."""
    async with asyncio.timeout(60):
        while len(found := await ask(store)) != many:
            await asyncio.sleep(0.01)
    return found


async def test_two_hundred_roles_take_one_connection_and_so_they_do_where_another_service_has_them(
    shared: Store,
) -> None:
    async with service(shared, MANY) as first:
        await until(lambda: first.held == 200)
        [holding] = await connections(shared)
        assert await holders(shared) == [holding] * 200
        async with service(shared, MANY) as second:
            both = await become(2, connections, shared)
            for _ in range(10):  # while it asks many times
                await asyncio.sleep(0.05)
                assert await connections(shared) == both
            assert (first.held, second.held) == (200, 0)
            await first.end()
            await until(lambda: second.held == 200)
            assert Acting.most <= 200
    await become(0, connections, shared)


async def test_one_role_is_given_back_and_the_others_are_not(shared: Store) -> None:
    async with service(shared, MANY) as first:
        await until(lambda: first.held == 200)
        async with service(shared, MANY) as second:
            first.roles["role 7"].stop()
            await until(lambda: (second.held, Acting.begun) == (1, 201))
            assert second.roles["role 7"]._part is not None
            assert (first.held, Acting.most) == (199, 200)


async def test_services_that_ask_at_the_same_time_have_each_role_once(shared: Store) -> None:
    async with service(shared, MANY) as first, service(shared, MANY) as second, service(shared, MANY) as third:
        await until(lambda: Acting.running == 200)
        assert first.held + second.held + third.held == 200
        assert len(await holders(shared)) == 200
        assert Acting.most == 200


class Failing(Acting):
    async def run(self) -> None:
        raise ValueError("broken")


async def test_what_a_part_fails_with_does_nothing_to_other_roles_of_the_service(shared: Store) -> None:
    async with service(shared, ["one", "two"]) as first:
        await until(lambda: first.held == 2)
        with pytest.raises(ValueError, match="broken"):
            await Role(first.keeper, "third", Failing).run()
        async with service(shared, ["third"]) as second:  # it was given back
            await until(lambda: (second.held, Acting.begun) == (1, 3))
        assert (first.held, Acting.most) == (2, 3)


async def test_a_role_that_is_claimed_and_left_in_a_hurry_is_not_kept(shared: Store) -> None:
    keeper = RoleKeeper(shared)
    with keeper.claim("kept") as kept:
        await asyncio.wait_for(kept.held, 20)
        for patience in (*[0.0, 0.001, 0.003, 0.01] * 10, 20):
            with keeper.claim("hurried") as claim:
                await asyncio.wait({claim.held}, timeout=patience)
        with keeper.claim("another") as another:
            await asyncio.wait_for(another.held, 20)  # asked for after all before it was given back
            assert len(await holders(shared)) == 2
    await keeper.aclose()
    await become(0, holders, shared)


async def test_a_service_that_loses_its_connection_loses_all_its_roles_and_gets_them_again(shared: Store) -> None:
    async with service(shared, MANY) as only:
        await until(lambda: only.held == 200)
        [before] = await connections(shared)
        await numbers(shared, f"SELECT pg_terminate_backend(pid)::int {_OTHERS}")
        await until(lambda: Acting.begun == 400)
        assert (Acting.running, Acting.most) == (200, 200)
        [after] = await become(1, connections, shared)
        assert after != before


async def test_a_service_that_gets_no_answer_stops_its_parts(shared: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role_keeper, "_ANSWER", 0.3)
    async with service(shared, MANY) as only:
        await until(lambda: only.held == 200)
        [holding] = await connections(shared)
        os.kill(holding, signal.SIGSTOP)  # as a host whose network is gone: nobody answers, and nobody says so
        try:
            await until(lambda: Acting.running == 0)
        finally:
            os.kill(holding, signal.SIGCONT)
        await until(lambda: only.held == 200)
    assert Acting.most == 200


async def test_a_service_that_is_cut_off_has_stopped_when_another_gets_its_roles(
    shared: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(role_keeper, "_ANSWER", 0.3)
    async with ThinWire(shared.url) as wire:
        away = Store(wire.url, pool=1)
        async with service(away, MANY) as cut:
            await until(lambda: cut.held == 200)
            async with service(shared, MANY) as other:
                wire.freeze()
                await until(lambda: cut.held == 0)
                assert other.held == 0  # PostgreSQL has not noticed
                wire.tear()
                await until(lambda: (other.held, Acting.running) == (200, 200))
                assert Acting.most == 200
        await asyncio.to_thread(away.close)


class Slow(Acting):
    """Takes its time to end."""

    async def run(self) -> None:
        Acting.running += 1
        try:
            await self._stop.wait()
            await asyncio.sleep(0.5)
        finally:
            Acting.running -= 1


async def test_a_connection_without_answers_is_ended_only_when_the_parts_have_ended(
    shared: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(role_keeper, "_ANSWER", 0.3)
    async with ThinWire(shared.url) as wire:
        away = Store(wire.url, pool=1)
        async with service(away, ["acting"], Slow) as cut:
            await until(lambda: cut.held == 1)
            async with service(shared, ["acting"]) as other:
                wire.freeze(answers_only=True)  # PostgreSQL would notice the end at once
                await until(lambda: (other.held, Acting.begun) == (1, 1))
                assert Acting.most == 1
                assert cut.held == 0
                wire.tear()
        await asyncio.to_thread(away.close)


def test_what_is_cut_off_ends_before_postgresql_gives_its_roles_away() -> None:
    between, answer, ending = _SET
    assert max(between, answer) + answer + ending < liveness.LOST_AFTER


@pytest.mark.slow
async def test_a_service_that_is_killed_has_a_successor_in_all_its_roles(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    store = Store(postgres.new_database(), pool=1)
    await asyncio.to_thread(migrate, store)
    url = f"postgresql://postgres@/{store.url.database}?host={postgres.directory}"
    async with SmtpSink() as sink:
        tables = mail_only(tmp_path, url, sink.port)
        async with RunningHeadgate(tmp_path, tables, name="one") as one:
            await until(lambda: one.events("role.taken") == 2)
            async with RunningHeadgate(tmp_path, tables, name="two") as two:
                assert len(set(await holders(store))) == 1
                assert len(await connections(store)) <= 2 * (5 + 1 + 1)  # a pool, a listener, and one for the roles
                assert two.events("role.taken") == 0
                await one.kill()
                await until(lambda: two.events("role.taken") == 2)
                await become(2, holders, store)
    await asyncio.to_thread(store.close)


async def test_roles_are_tried_for_until_the_store_is_there(shared: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    async def connect() -> psycopg.AsyncConnection:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise psycopg.OperationalError("the server is away\nand more")
        return await Store.connect(shared)

    monkeypatch.setattr(shared, "connect", connect)
    async with service(shared, ["one"]) as only:
        await until(lambda: only.held == 1)
    assert tries == 4


async def test_what_is_wrong_with_the_service_itself_ends_it(shared: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(role_keeper, "_TAKE", "SELECT name FROM unnest(%s::text[]) AS name WHERE no_such_function()")
    keeper = RoleKeeper(shared)
    with pytest.raises(psycopg.errors.UndefinedFunction):
        await asyncio.wait_for(Role(keeper, "one", Acting).run(), 20)
    await keeper.aclose()


async def test_a_role_is_claimed_once(shared: Store) -> None:
    keeper = RoleKeeper(shared)
    with keeper.claim("one"), pytest.raises(ValueError, match="claims the role one already"), keeper.claim("one"):
        pass
    await keeper.aclose()
