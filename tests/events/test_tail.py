"""Listening to the journal: from a place on, once, and in order."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from sqlalchemy import Connection

from headgate.events.tail import AT_ONCE, Tail
from headgate.model.event import Event, EventKind, Source
from headgate.store import journal
from headgate.store.store import Store

PATIENCE = 60.0


def event(name: str) -> Event:
    return Event(name, EventKind.JOB_STARTED, time.time(), f"job {name}", Source.WATCHER)


async def write(store: Store, *names: str) -> None:
    await store.write(lambda connection: journal.append(connection, [event(name) for name in names]))


async def keys(tail: Tail) -> list[str]:
    return [one.event.key for one in await tail.next()]


async def test_from_now_on_only_what_is_new_comes(store: Store) -> None:
    await write(store, "a", "b")
    tail = Tail(store, None)
    assert await keys(tail) == []
    assert tail.number > 0
    assert await keys(tail) == []
    await write(store, "c", "d")
    assert await keys(tail) == ["c", "d"]
    assert await keys(tail) == []


async def test_an_empty_journal_has_a_beginning(store: Store) -> None:
    tail = Tail(store, None)
    assert await keys(tail) == []
    assert tail.number == 0
    await write(store, "a")
    assert await keys(tail) == ["a"]


async def test_behind_a_place_everything_comes_in_pieces(store: Store) -> None:
    await write(store, "first")
    first = Tail(store, None)
    await first.next()
    names = [f"{number:04}" for number in range(AT_ONCE + 3)]
    await write(store, *names)
    tail = Tail(store, first.number)
    assert await keys(tail) == names[:AT_ONCE]
    assert await keys(tail) == names[AT_ONCE:]
    assert await keys(Tail(store, 0)) == ["first", *names][:AT_ONCE]


async def test_what_is_kept_late_comes_late(store: Store) -> None:
    if store.sqlite:
        pytest.skip("SQLite has one writer at a time: nothing is kept late")
    tail, written, go = Tail(store, None), threading.Event(), threading.Event()
    await tail.next()

    def slowly(connection: Connection) -> None:
        journal.append(connection, [event("slow")])
        written.set()
        go.wait(PATIENCE)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(store.write(slowly))
        await asyncio.to_thread(written.wait, PATIENCE)
        await write(store, "quick")
        assert await keys(tail) == ["quick"]
        place = tail.number
        go.set()
    assert await keys(tail) == ["slow"]
    assert tail.number == place
    assert await keys(tail) == []
    await write(store, "next")
    assert await keys(tail) == ["next"]
