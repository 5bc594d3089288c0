"""The queue's rows: owed, given their messages, looked at, and changed by operators."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from headgate.errors import StoreError
from headgate.model.delivery import DeliveryState, Priority, Reason
from headgate.model.event import Event, EventKind, Source
from headgate.store import claims, deliveries, journal, outcomes, tables, unresolved
from headgate.store.claims import Limits
from headgate.store.deliveries import Delivery, DeliveryFilter, Made, NewDelivery
from headgate.store.outcomes import Settled
from headgate.store.signals import Topic
from headgate.store.store import Store
from tests.store.owed import message, owe

WAITING, READY, SENDING = DeliveryState.WAITING, DeliveryState.READY, DeliveryState.SENDING
DELIVERED, DEAD, DROPPED = DeliveryState.DELIVERED, DeliveryState.DEAD, DeliveryState.DROPPED


async def event(store: Store, key: str = "k", **more: Any) -> int:
    values: dict[str, Any] = {"job_id": 7, "user": "ada", **more}
    fact = Event(key, EventKind.MAIL_REQUESTED, 1.0, "job 7", Source.MAIL, **values)
    return (await store.write(lambda c: journal.append(c, [fact])))[key]


async def find(store: Store, limit: int = 100, **wanted: Any) -> list[Delivery]:
    return await store.read(lambda c: deliveries.find(c, DeliveryFilter(**wanted), limit=limit))


async def add(store: Store, *new: NewDelivery, now: float = 100.0) -> None:
    await store.write(lambda c: deliveries.owe(c, new, now))


async def one_in(store: Store, state: DeliveryState, number: int, key: str) -> int:
    """Bring one delivery into a state, and return its number."""
    reason = Reason.EXPIRED if state is DEAD else None
    await add(
        store,
        NewDelivery(number, key, "mailto", key, key, None if state is WAITING else message(), reason=reason),
    )
    [item] = await find(store, target=key)
    if state in (SENDING, DELIVERED):
        await store.write(lambda c: claims.claim(c, "mailto", Limits(), owner="w", now=100.0, lease=9.0, most=100))
    if state is DELIVERED:
        done = [Settled((item.id,), DELIVERED)]
        await store.write(lambda c: outcomes.record(c, done, owner="w", now=101.0))
    if state is DROPPED:
        await store.write(lambda c: deliveries.drop(c, [item.id], "why", 101.0))
    return item.id


async def test_what_is_owed_waits_for_its_message_or_is_ready_or_dead(store: Store) -> None:
    number = await event(store)
    await add(
        store,
        NewDelivery(number, "a", "mailto", "ada", "l", not_before=102.0),
        NewDelivery(number, "b", "hook", "ops", "m", message()),
        NewDelivery(number, "c", "?", "x:", "n", reason=Reason.BAD_RECEIVER, detail="no target"),
    )
    waiting, ready, dead = await find(store)
    assert (waiting.state, waiting.message, waiting.not_before, waiting.created_at) == (WAITING, None, 102.0, 100.0)
    assert (ready.state, ready.message, ready.not_before) == (READY, message(), 100.0)
    assert (dead.state, dead.reason, dead.detail, dead.finished_at) == (DEAD, Reason.BAD_RECEIVER, "no target", 100.0)
    assert (waiting.job_id, waiting.user, waiting.subject) == (7, "ada", "job 7")


@pytest.mark.parametrize(("text", "rung"), [(None, Topic.WAITING), (message(), Topic.READY)])
async def test_who_waits_for_such_work_is_woken(store: Store, text: str | None, rung: Topic) -> None:
    number = await event(store)
    bells = {topic: store.bell(topic) for topic in (Topic.WAITING, Topic.READY)}
    await add(store, NewDelivery(number, "a", "mailto", "ada", "l", text))
    assert await bells.pop(rung).wait(30)
    assert not await bells.popitem()[1].wait(0)


async def test_the_same_delivery_cannot_be_owed_twice(store: Store) -> None:
    number = await event(store)
    await add(store, NewDelivery(number, "a", "mailto", "ada", "l"))
    with pytest.raises(StoreError):
        await add(store, NewDelivery(number, "a", "mailto", "ada", "l"))
    assert len(await find(store)) == 1


async def test_events_whose_deliveries_wait_are_named_once_with_the_oldest_of_them(store: Store) -> None:
    one, two, three = [await event(store, key) for key in "abc"]
    await add(store, NewDelivery(one, "1", "mailto", "ada", "1"), now=90.0)
    await add(store, NewDelivery(one, "2", "mailto", "ben", "2"), NewDelivery(two, "3", "mailto", "ada", "3"))
    await add(store, NewDelivery(three, "4", "mailto", "ada", "4", not_before=500.0))
    assert await store.read(lambda c: deliveries.waiting_events(c, 100.0, 10)) == {one: 90.0, two: 100.0}
    assert await store.read(lambda c: deliveries.waiting_events(c, 100.0, 1)) == {one: 90.0}
    assert await store.read(deliveries.next_waiting) == 90.0


async def test_where_none_waits_there_is_no_next_time(store: Store) -> None:
    assert await store.read(deliveries.next_waiting) is None


async def test_a_message_is_given_to_all_waiting_deliveries_of_its_event(store: Store) -> None:
    one, two = [await event(store, key) for key in "ab"]
    await add(store, *(NewDelivery(number, f"{number}{t}", "mailto", t, t) for number in (one, two) for t in "xy"))
    bell = store.bell(Topic.READY)
    await store.write(lambda c: deliveries.give_messages(c, {one: Made(message("told"))}, 130.0))
    assert [(item.state, item.message, item.not_before) for item in await find(store, event_id=one)] == [
        (READY, message("told"), 130.0)
    ] * 2
    assert {item.state for item in await find(store, event_id=two)} == {WAITING}
    assert await bell.wait(30)


async def test_a_message_is_not_given_to_what_does_not_wait(store: Store) -> None:
    number = await event(store)
    states = (READY, SENDING, DELIVERED, DEAD, DROPPED)
    for state in states:
        await one_in(store, state, number, state.value)
    before = await find(store)
    await store.write(lambda c: deliveries.give_messages(c, {number: Made(message("late"))}, 130.0))
    await store.write(lambda c: deliveries.look_again(c, {number: 999.0}))
    await store.write(lambda c: deliveries.drop_waiting(c, [number], Reason.DUPLICATE, "", 130.0))
    assert await find(store) == before


async def lane_of_two(store: Store) -> tuple[int, int]:
    """Owe the start and the end of a job to one receiver; return the numbers of both events."""
    start, end = await event(store, "start"), await event(store, "end")
    await add(store, NewDelivery(start, "start", "chat", "1", "lane"), NewDelivery(end, "end", "chat", "1", "lane"))
    return start, end


async def urgencies(store: Store) -> dict[str, int]:
    query = select(tables.deliveries.c.key, tables.deliveries.c.priority)
    return {row[0]: row[1] for row in await store.read(lambda c: list(c.execute(query)))}


@pytest.mark.parametrize("urgency", [Priority.FAILURE, Priority.END])
@pytest.mark.parametrize("first", ["start", "end"])
async def test_what_an_urgent_one_has_to_wait_for_is_as_urgent(store: Store, urgency: Priority, first: str) -> None:
    start, end = await lane_of_two(store)
    made = {"start": {start: Made("{}", Priority.START)}, "end": {end: Made("{}", urgency)}}
    for which in sorted(made, key=lambda name: name != first):
        await store.write(partial(deliveries.give_messages, made=made[which], now=1.0))
    assert await urgencies(store) == {"start": urgency, "end": urgency}


async def test_what_an_urgent_one_goes_before_is_not_more_urgent_for_it(store: Store) -> None:
    start, end = await lane_of_two(store)
    made = {start: Made("{}", Priority.FAILURE), end: Made("{}", Priority.START)}
    await store.write(lambda c: deliveries.give_messages(c, made, 1.0))
    assert await urgencies(store) == {"start": Priority.FAILURE, "end": Priority.START}


async def test_no_target_is_found_while_it_is_decided_about_an_events_deliveries(store: Store) -> None:
    if store.sqlite:
        pytest.skip("SQLite has one writer at a time")
    number = await event(store)
    await add(store, NewDelivery(number, "a", "chat", "ada", "lane", lookup="ada"))
    [item] = await store.read(lambda c: unresolved.unresolved(c, 1e12, 10))

    def found(connection: Connection) -> None:
        connection.execute(text("SET LOCAL lock_timeout = '200ms'"))
        unresolved.resolve(connection, {item.id: ("1", "lane", "ada")})

    def decide(connection: Connection) -> None:
        assert deliveries.waiting_of(connection, [number]) == []
        with pytest.raises(StoreError):
            store.write_now(found)

    await store.write(decide)
    await store.write(found)


async def test_looking_again_sets_the_time(store: Store) -> None:
    number = await event(store)
    await add(store, NewDelivery(number, "a", "mailto", "ada", "l"))
    await store.write(lambda c: deliveries.look_again(c, {number: 150.0}))
    assert await store.read(deliveries.next_waiting) == 150.0


async def test_waiting_deliveries_are_dropped_with_the_reason(store: Store) -> None:
    number = await event(store)
    await add(store, NewDelivery(number, "a", "mailto", "ada", "l"))
    await store.write(lambda c: deliveries.drop_waiting(c, [number], Reason.DUPLICATE, "told", 130.0))
    [item] = await find(store)
    assert (item.state, item.reason, item.detail, item.finished_at) == (DROPPED, Reason.DUPLICATE, "told", 130.0)


async def test_deliveries_are_found_by_every_filter(store: Store) -> None:
    mine = await event(store, "a", job_id=103, array_id=100)
    other = await event(store, "b", job_id=8, user="ben")
    await add(store, NewDelivery(mine, "1", "mailto", "ada", "1"), NewDelivery(other, "2", "hook", "ops", "2", "{}"))
    for wanted in (
        {"states": (WAITING, DEAD)}, {"connector": "mailto"}, {"target": "ada"}, {"job_id": 103}, {"job_id": 100},
        {"user": "ada"}, {"event_id": mine}, {"user": "ada", "job_id": 103},
    ):  # fmt: skip
        assert [item.key for item in await find(store, **wanted)] == ["1"], wanted
    assert await find(store, user="ada", job_id=8) == []


async def test_of_too_many_the_newest_are_shown_oldest_first(store: Store) -> None:
    await owe(store, [("ada", number) for number in range(5)])
    everything = await find(store)
    assert await find(store, limit=2) == everything[3:]
    first = everything[0]
    assert await store.read(lambda c: deliveries.get(c, first.id)) == first
    assert await store.read(lambda c: deliveries.get(c, 10**9)) is None


async def test_deliveries_are_counted_by_connector_and_state(store: Store) -> None:
    number = await event(store)
    for state in (WAITING, READY, DEAD, DROPPED):
        await one_in(store, state, number, state.value)
    await one_in(store, READY, number, "another")
    counted = await store.read(deliveries.counts)
    assert counted == {("mailto", READY): 2, ("mailto", WAITING): 1, ("mailto", DEAD): 1, ("mailto", DROPPED): 1}
    left = await store.read(deliveries.backlog)
    assert left == {("mailto", "ready"): 2, ("mailto", "waiting"): 1, ("mailto", "dead"): 1}


@pytest.mark.parametrize(
    ("state", "after"),
    [(WAITING, None), (READY, READY), (SENDING, None), (DELIVERED, None), (DEAD, READY), (DROPPED, READY)],
)
async def test_what_can_be_tried_again_is(store: Store, state: DeliveryState, after: DeliveryState | None) -> None:
    item = await one_in(store, state, await event(store), "x")
    [before] = await find(store)
    changed = await store.write(lambda c: deliveries.retry(c, [item, item, 10**9], 300.0))
    [found] = await find(store)
    if after is None:
        assert (changed, found) == ([], before)
    else:
        assert (changed, found.state, found.attempts, found.not_before) == ([item], after, 0, 300.0)
        assert (found.reason, found.detail, found.finished_at) == (None, None, None)


async def test_what_died_without_a_message_waits_for_one(store: Store) -> None:
    dead = NewDelivery(await event(store), "a", "slack", "ada", "l", reason=Reason.UNKNOWN_CONNECTOR)
    await add(store, dead)
    [before] = await find(store)
    bell = store.bell(Topic.WAITING)
    assert await store.write(lambda c: deliveries.retry(c, [before.id], 300.0)) == [before.id]
    [found] = await find(store)
    assert (found.state, found.reason, found.created_at) == (WAITING, None, 300.0)
    assert await bell.wait(30)


@pytest.mark.parametrize("state", [WAITING, READY, SENDING, DELIVERED, DEAD, DROPPED])
async def test_what_is_not_on_its_way_or_done_can_be_dropped(store: Store, state: DeliveryState) -> None:
    item = await one_in(store, state, await event(store), "x")
    changed = await store.write(lambda c: deliveries.drop(c, [item], "not needed", 300.0))
    [found] = await find(store)
    if state in (WAITING, READY, DEAD):
        assert (changed, found.state, found.reason) == ([item], DROPPED, Reason.OPERATOR)
        assert (found.detail, found.finished_at) == ("not needed", 300.0)
    else:
        assert (changed, found.state) == ([], state)


async def test_thousands_are_changed_at_once(store: Store) -> None:
    await owe(store, [("ada", number) for number in range(2500)])
    numbers = [item.id for item in await find(store, limit=5000)]

    def work(connection: Connection) -> tuple[list[int], list[int]]:
        return deliveries.drop(connection, numbers, "why", 1.0), deliveries.retry(connection, numbers, 2.0)

    assert await store.write(work) == (numbers, numbers)


async def test_text_that_no_database_likes_is_kept(store: Store) -> None:
    nasty = "'; DROP TABLE deliveries; -- 😀 \u202e \\ %_ \" \n\t"
    await add(store, NewDelivery(await event(store), "k", "mailto", nasty, nasty, message(nasty)))
    [item] = await find(store, target=nasty)
    assert (item.target, item.message) == (nasty, message(nasty))
