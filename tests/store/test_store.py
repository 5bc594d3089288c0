"""Transactions are whole, signals follow them, and a store that cannot be used says so."""

from __future__ import annotations

import asyncio
import functools
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, select, text
from sqlalchemy.exc import ProgrammingError

from headgate.errors import HeadgateError, StoreBusyError, StoreError
from headgate.store import cursors
from headgate.store.migrate import migrate
from headgate.store.signals import Topic
from headgate.store.store import Store, ring
from headgate.store.tables import cursors as cursors_table
from headgate.testing.postgresql import PostgresServer


async def test_what_was_written_is_read_by_others(store: Store) -> None:
    await store.write(lambda c: cursors.advance(c, "a", 1.5))
    other = Store(store.url.render_as_string(hide_password=False), pool=2)
    assert await other.read(lambda c: cursors.read(c, "a")) == 1.5
    await asyncio.to_thread(other.close)


@pytest.mark.parametrize("error", [RuntimeError("no"), HeadgateError("no"), KeyboardInterrupt()])
async def test_work_that_fails_is_undone_whole(store: Store, error: BaseException) -> None:
    def work(connection: Connection) -> None:
        cursors.advance(connection, "a", 1.0)
        raise error

    with pytest.raises(type(error)):
        store.write_now(work)
    assert await store.read(lambda c: cursors.read(c, "a")) is None
    await store.write(lambda c: cursors.advance(c, "b", 2.0))
    assert await store.read(lambda c: cursors.read(c, "b")) == 2.0


async def test_a_statement_that_fails_undoes_the_rest_and_is_a_lasting_store_error(store: Store) -> None:
    def work(connection: Connection) -> None:
        cursors.advance(connection, "a", 1.0)
        connection.execute(text("INSERT INTO cursors (name, value) VALUES ('a', NULL)"))

    with pytest.raises(StoreError) as caught:
        await store.write(work)
    assert not caught.value.transient
    assert "\n" not in caught.value.message
    assert await store.read(lambda c: cursors.read(c, "a")) is None


async def test_reading_what_is_not_there_is_a_store_error(store: Store) -> None:
    with pytest.raises(StoreError, match="nothing_of_this_name"):
        await store.read(lambda c: c.execute(text("SELECT * FROM nothing_of_this_name")))


async def test_many_writers_at_once_lose_nothing(store: Store) -> None:
    def add(connection: Connection) -> None:
        row = connection.execute(read).scalar_one()
        connection.execute(text("UPDATE cursors SET value = :v WHERE name = 'n'"), {"v": str(float(row) + 1)})

    read = select(cursors_table.c.value).where(cursors_table.c.name == "n").with_for_update()
    await store.write(lambda c: cursors.advance(c, "n", 0.0))
    await asyncio.gather(*(store.write(add) for _ in range(100)))
    assert await store.read(lambda c: cursors.read(c, "n")) == 100.0


async def test_readers_do_not_wait_for_a_writer(store: Store) -> None:
    writing, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(connection: Connection) -> None:
        cursors.advance(connection, "a", 1.0)
        loop.call_soon_threadsafe(writing.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(30)

    task = asyncio.create_task(store.write(work))
    async with asyncio.timeout(30):
        await writing.wait()
        assert await store.read(lambda c: cursors.read(c, "a")) is None
        go_on.set()
        await task
    assert await store.read(lambda c: cursors.read(c, "a")) == 1.0


async def test_what_is_written_soon_is_not_waited_for_but_by_who_reads(store: Store) -> None:
    writing, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    wrong: list[BaseException] = []

    def work(connection: Connection) -> None:
        cursors.advance(connection, "a", 1.0)
        loop.call_soon_threadsafe(writing.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(30)

    store.write_soon(work, wrong.append)
    async with asyncio.timeout(30):
        await writing.wait()
        reading = asyncio.create_task(store.read(lambda c: cursors.read(c, "a")))
        go_on.set()
        assert await reading == 1.0
    assert wrong == []


async def test_what_could_not_be_written_soon_is_told_and_stops_no_reader(store: Store) -> None:
    wrong: list[BaseException] = []

    def work(connection: Connection) -> None:
        cursors.advance(connection, "a", 1.0)
        raise HeadgateError("no")

    store.write_soon(work, wrong.append)
    assert await store.read(lambda c: cursors.read(c, "a")) is None
    assert [str(error) for error in wrong] == ["no"]


async def test_a_deadlock_is_tried_again_and_both_are_written(store: Store) -> None:
    for name in ("a", "b"):
        await store.write(functools.partial(cursors.advance, name=name, value=0.0))

    def both(first: str, second: str) -> None:
        def work(connection: Connection) -> None:
            cursors.advance(connection, first, 1.0)
            if not store.sqlite:
                connection.execute(text("SELECT pg_sleep(0.1)"))
            cursors.advance(connection, second, 1.0)

        store.write_now(work)

    await asyncio.gather(asyncio.to_thread(both, "a", "b"), asyncio.to_thread(both, "b", "a"))
    assert await store.read(lambda c: (cursors.read(c, "a"), cursors.read(c, "b"))) == (1.0, 1.0)


# Signals.


async def test_a_bell_rings_once_the_transaction_is_kept(store: Store) -> None:
    bell, other = store.bell(Topic.READY), store.bell(Topic.WAITING)
    seen: list[bool] = []

    def work(connection: Connection) -> None:
        ring(connection, Topic.READY)
        ring(connection, Topic.READY)
        seen.append(bell._event.is_set())

    await store.write(work)
    assert seen == [False]
    assert await bell.wait(30)
    assert not await bell.wait(0)
    assert not await other.wait(0)


async def test_a_transaction_that_is_undone_rings_nothing_now_or_later(store: Store) -> None:
    bell = store.bell(Topic.READY)

    def work(connection: Connection) -> None:
        ring(connection, Topic.READY)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await store.write(work)
    await store.write(lambda c: cursors.advance(c, "a", 1.0))
    await asyncio.sleep(0)
    assert not await bell.wait(0)


@pytest.mark.postgresql
async def test_on_postgresql_other_processes_hear_of_news(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    one, two = Store(url, pool=2), Store(url, pool=2)
    bell = two.bell(Topic.EVENTS)
    listening = asyncio.create_task(two.listen())
    assert await bell.wait(30)  # for what came while nobody listened
    await one.write(lambda c: ring(c, Topic.EVENTS))
    assert await bell.wait(30)
    with pytest.raises(RuntimeError):
        await one.write(_ring_and_fail)
    await one.write(lambda c: ring(c, Topic.READY))
    ready = two.bell(Topic.READY)
    await one.write(lambda c: ring(c, Topic.READY))
    assert await ready.wait(30)
    assert not await bell.wait(0)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    for opened in (one, two):
        await asyncio.to_thread(opened.close)


def _ring_and_fail(connection: Connection) -> None:
    ring(connection, Topic.EVENTS)
    raise RuntimeError


@pytest.mark.postgresql
async def test_listening_is_taken_up_again_when_its_connection_is_lost(postgres: PostgresServer) -> None:
    opened = Store(postgres.new_database(), pool=2)
    bell = opened.bell(Topic.EVENTS)
    listening = asyncio.create_task(opened.listen())
    assert await bell.wait(30)
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = :name"
    await opened.write(lambda c: c.execute(text(others), {"name": opened.url.database}) and None)
    assert await bell.wait(30)
    assert not listening.done()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await asyncio.to_thread(opened.close)


async def test_on_sqlite_there_is_nobody_to_listen_to(tmp_path: Path) -> None:
    opened = Store(f"sqlite:///{tmp_path}/headgate.db")
    await opened.listen()
    opened.close()


# Opening, and stores that cannot be used.


@pytest.mark.parametrize("url", ["", "headgate.db", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense://"])
def test_a_url_that_names_no_store_we_know_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="URL must") as caught:
        Store(url)
    assert not caught.value.transient


def test_a_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="missing does not exist") as caught:
        Store(f"sqlite:///{tmp_path}/missing/headgate.db")
    assert not caught.value.transient


def test_a_store_that_is_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(f"sqlite:///{tmp_path}")


def test_nobody_else_on_the_machine_may_read_the_store(tmp_path: Path) -> None:
    opened = Store(f"sqlite:///{tmp_path}/headgate.db")
    migrate(opened)
    opened.hold_exclusively()
    assert {path.stat().st_mode & 0o007 for path in tmp_path.iterdir()} == {0}
    opened.close()


def test_a_file_that_is_no_database_is_a_lasting_error(tmp_path: Path) -> None:
    path = tmp_path / "headgate.db"
    path.write_text("this is not a database, " * 100)
    opened = Store(f"sqlite:///{path}")
    with pytest.raises(StoreError, match="not a database") as caught:
        migrate(opened)
    assert not caught.value.transient
    with pytest.raises(StoreError, match="not a database"):
        opened.read_now(lambda c: cursors.read(c, "a"))
    opened.close()
    assert path.read_text().startswith("this is not")


def test_a_database_that_another_program_locks_is_a_passing_error(tmp_path: Path) -> None:
    opened = Store(f"sqlite:///{tmp_path}/headgate.db")
    event.listen(opened.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 20"))
    migrate(opened)
    with closing(sqlite3.connect(tmp_path / "headgate.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked") as caught:
            opened.write_now(lambda c: cursors.advance(c, "a", 1.0))
        assert caught.value.transient
        other.execute("ROLLBACK")
    opened.write_now(lambda c: cursors.advance(c, "a", 1.0))
    opened.close()


def test_a_sqlite_store_has_one_service(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/headgate.db"
    first, second = Store(url), Store(url)
    first.hold_exclusively()
    with pytest.raises(StoreBusyError, match=r"another Headgate works on .*headgate\.db") as caught:
        second.hold_exclusively()
    assert not caught.value.transient
    second.close()
    first.close()
    third = Store(url)
    third.hold_exclusively()
    third.close()


def test_a_service_that_was_killed_holds_the_store_no_longer(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/headgate.db"
    code = (
        "import sys\nfrom headgate.store.store import Store\n"
        f"s = Store({url!r}); s.hold_exclusively(); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        opened = Store(url)
        with pytest.raises(StoreBusyError):
            opened.hold_exclusively()
        opened.close()
        other.kill()
    opened = Store(url)
    opened.hold_exclusively()
    opened.close()


def test_a_lock_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "headgate.db.lock").mkdir()
    opened = Store(f"sqlite:///{tmp_path}/headgate.db")
    with pytest.raises(StoreError, match=r"headgate\.db\.lock"):
        opened.hold_exclusively()
    opened.close()


@pytest.mark.postgresql
def test_on_postgresql_several_share_the_store(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    one, two = Store(url, pool=1), Store(url, pool=1)
    for opened in (one, two):
        opened.hold_exclusively()
        opened.close()


@pytest.mark.postgresql
async def test_a_server_that_is_gone_is_a_passing_error_and_the_store_works_when_it_is_back() -> None:
    with PostgresServer() as server:
        opened = Store(server.new_database(), pool=2)
        migrate(opened)
        await opened.write(lambda c: cursors.advance(c, "a", 1.0))
        server.stop()
        for work in (opened.write, opened.read):
            with pytest.raises(StoreError) as caught:
                await work(lambda c: cursors.read(c, "a"))
            assert caught.value.transient
            assert "\n" not in caught.value.message
        server.start()
        assert await opened.read(lambda c: cursors.read(c, "a")) == 1.0
        await asyncio.to_thread(opened.close)


@pytest.mark.postgresql
def test_no_password_stands_in_an_error(postgres: PostgresServer) -> None:
    url = postgres.new_database().replace("postgres@", "nobody:a-pass-word@")
    opened = Store(url, pool=1)
    with pytest.raises(StoreError) as caught:
        opened.read_now(lambda c: cursors.read(c, "a"))
    assert "a-pass-word" not in caught.value.message
    opened.close()


async def test_an_error_keeps_its_cause(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        await store.read(lambda c: c.execute(text("SELECT * FROM nothing_of_this_name")))
    assert caught.value.__cause__ is not None
    assert store.sqlite or isinstance(caught.value.__cause__, ProgrammingError)
