"""Facts that come at once are kept by few commits, and each of those who wait gets their own answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection

from headgate.builds.incoming.together import Together
from headgate.errors import StoreError
from headgate.events.journal import Journal
from headgate.model.event import Event, EventKind, Source
from headgate.store.store import Store


def fact(key: str) -> Event:
    return Event(key, EventKind.PULL_REQUEST_COMMENT, 1.0, "pull request x", Source.WEBHOOK)


class Counted(Journal):
    """Counts what it is asked to write, and fails at facts of one key."""

    def __init__(self, bad: str = "") -> None:
        super().__init__()
        self.bad, self.written = bad, 0

    def append(self, connection: Connection, facts: Any) -> dict[str, int]:
        self.written += 1
        if any(one.key == self.bad for one in facts):
            raise StoreError("this one cannot be kept")
        return super().append(connection, facts)


async def test_a_hundred_facts_take_few_commits(store: Store) -> None:
    journal = Counted()
    together = Together(store, journal)
    found = await asyncio.gather(*(together.write([fact(str(number))]) for number in range(100)))
    assert [list(one) for one in found] == [[str(number)] for number in range(100)]
    assert journal.written <= 3


async def test_of_the_same_fact_twice_at_once_one_is_new(store: Store) -> None:
    together = Together(store, Counted())
    found = await asyncio.gather(*(together.write([fact("a")]) for _ in range(5)))
    assert sorted(len(one) for one in found) == [0, 0, 0, 0, 1]


async def test_one_that_cannot_be_kept_takes_no_other_with_it(store: Store) -> None:
    together = Together(store, Counted(bad="2"))
    found = await asyncio.gather(*(together.write([fact(str(number))]) for number in range(5)), return_exceptions=True)
    assert [type(one).__name__ for one in found] == ["dict", "dict", "StoreError", "dict", "dict"]
    with pytest.raises(StoreError):
        await together.write([fact("2")])
    assert await together.write([fact("5")])


async def test_who_does_not_wait_any_more_holds_nobody_up(store: Store) -> None:
    together = Together(store, Counted())
    gone = asyncio.create_task(together.write([fact("a")]))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert await together.write([fact("b")])
    assert await together.write([fact("a")]) == {}
