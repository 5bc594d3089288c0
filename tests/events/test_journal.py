"""What follows from a fact is written with it, or the fact is not written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from headgate.events.journal import EVENTS, Journal
from headgate.model.event import Event, EventKind, Source
from headgate.store import cursors, journal
from headgate.store.journal import EventFilter
from headgate.store.store import Store

FACT = Event("job.started/c/7/1", EventKind.JOB_STARTED, 1.0, "job 7", Source.WATCHER, cluster="c", job_id=7)


class Follower:
    """Notes what it was given, and writes a line of its own."""

    def __init__(self) -> None:
        self.given: list[tuple[int, Event]] = []
        self.error: Exception | None = None

    def __call__(self, connection: Connection, new: Sequence[tuple[int, Event]]) -> None:
        self.given.extend(new)
        cursors.advance(connection, "followed", float(len(self.given)))
        if self.error is not None:
            raise self.error


async def test_followers_are_given_new_facts_with_their_numbers_in_order(store: Store) -> None:
    follower = Follower()
    facts = [replace(FACT, key=f"k{number}") for number in range(20)]
    numbers = await store.write(lambda c: Journal([follower]).append(c, facts))
    assert [number for number, _ in follower.given] == sorted(numbers.values())
    assert {number: event.key for number, event in follower.given} == {n: key for key, n in numbers.items()}


async def test_a_fact_seen_again_is_followed_by_nothing(store: Store) -> None:
    follower = Follower()
    events = Journal([follower])
    await store.write(lambda c: events.append(c, [FACT]))
    again = await store.write(lambda c: events.append(c, [replace(FACT, source=Source.MAIL)]))
    assert (again, len(follower.given)) == ({}, 1)


async def test_of_a_fact_told_twice_at_once_the_first_telling_is_followed(store: Store) -> None:
    follower = Follower()
    await store.write(lambda c: Journal([follower]).append(c, [FACT, replace(FACT, time=9.0, source=Source.MAIL)]))
    [(_, event)] = follower.given
    assert event == FACT


async def test_a_follower_that_fails_leaves_neither_fact_nor_what_followed(store: Store) -> None:
    first, second = Follower(), Follower()
    second.error = RuntimeError("no")
    with pytest.raises(RuntimeError, match="no"):
        await store.write(lambda c: Journal([first, second]).append(c, [FACT]))
    assert await store.read(lambda c: journal.find(c, EventFilter(), limit=10)) == []
    assert await store.read(lambda c: cursors.read(c, "followed")) is None


async def test_nothing_to_write_is_followed_by_nothing(store: Store) -> None:
    follower = Follower()
    assert await store.write(lambda c: Journal([follower]).append(c, [])) == {}
    assert follower.given == []


async def test_new_facts_are_counted_by_kind_and_source(store: Store) -> None:
    counted = EVENTS.labels("job.started", "watcher")
    before = counted._value.get()
    for _ in range(2):
        await store.write(lambda c: Journal().append(c, [FACT]))
    assert counted._value.get() == before + 1
