"""The other end of a connection may be gone without a word."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from sqlalchemy import make_url

from headgate.store import liveness
from headgate.store.store import Store
from headgate.testing.postgresql import PostgresServer


def test_what_the_url_says_itself_stays() -> None:
    own = liveness.options(make_url("postgresql+psycopg://db.example.org/headgate?connect_timeout=3"))
    assert "connect_timeout" not in own
    assert own["tcp_user_timeout"] == liveness.LOST_AFTER * 1000


@pytest.mark.postgresql
async def test_both_ends_are_told_to_look(postgres: PostgresServer) -> None:
    store = Store(postgres.new_database(), pool=1)
    async with await store.connect() as connection:
        given = connection.info.get_parameters()
        kept = await connection.execute("SELECT name FROM pg_settings WHERE name LIKE 'tcp%' AND source = 'session'")
        told = {name for (name,) in await kept.fetchall()}
    assert given["keepalives_idle"] == "5"
    assert told == {"tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout"}
    await asyncio.to_thread(store.close)


@pytest.mark.postgresql
async def test_whoever_waits_for_an_answer_gets_an_error_when_the_connection_is_broken_off(
    postgres: PostgresServer,
) -> None:
    store = Store(postgres.new_database(), pool=1)
    connection = await store.connect()
    asking = asyncio.create_task(connection.execute("SELECT pg_sleep(600)"))
    await asyncio.wait({asking}, timeout=0.1)
    liveness.break_off(connection)
    with pytest.raises(psycopg.OperationalError):
        await asyncio.wait_for(asking, 20)
    liveness.break_off(connection)  # and again: there is nothing to break
    await connection.close()
    await asyncio.to_thread(store.close)
