from __future__ import annotations

from dataclasses import replace

from headgate.model.event import Event, EventKind, Source
from headgate.store import journal
from headgate.store.journal import EventFilter
from headgate.store.store import Store

STARTED = Event(
    key="job.started/c/7/1000",
    kind=EventKind.JOB_STARTED,
    time=1001.0,
    subject="job 7",
    source=Source.WATCHER,
    cluster="c",
    job_id=7,
    user="ada",
    data={"name": "Began | <b>", "list": [1, None]},
)


async def test_a_fact_told_twice_is_one_event_with_two_witnesses(store: Store) -> None:
    first = await store.write(lambda c: journal.append(c, [STARTED]))
    second = await store.write(lambda c: journal.append(c, [replace(STARTED, source=Source.MAIL, time=1002.0)]))
    [recorded] = await store.read(lambda c: journal.find(c, EventFilter(), limit=10))
    assert (list(first), second) == ([STARTED.key], {})
    assert recorded.event == STARTED
    assert list(recorded.witnesses) == [Source.WATCHER, Source.MAIL]


async def test_a_fact_told_twice_in_one_batch_is_one_event(store: Store) -> None:
    new = await store.write(lambda c: journal.append(c, [STARTED, replace(STARTED, source=Source.MAIL)]))
    [recorded] = await store.read(lambda c: journal.find(c, EventFilter(), limit=10))
    assert list(new) == [STARTED.key]
    assert set(recorded.witnesses) == {Source.WATCHER, Source.MAIL}


async def test_ten_thousand_facts_are_written_and_read_whole(store: Store) -> None:
    facts = [replace(STARTED, key=f"k{number}", job_id=number) for number in range(10_000)]
    new = await store.write(lambda c: journal.append(c, facts))
    again = await store.write(lambda c: journal.append(c, facts))
    assert len(new) == 10_000
    assert again == {}
    assert len(await store.read(lambda c: journal.ids(c, [fact.key for fact in facts]))) == 10_000
    assert len(await store.read(lambda c: journal.get_many(c, list(new.values())))) == 10_000


async def test_events_are_found_by_kind_job_user_and_time(store: Store) -> None:
    other = replace(STARTED, key="other", kind=EventKind.MAIL_REQUESTED, job_id=8, user="ben", time=5.0)
    await store.write(lambda c: journal.append(c, [STARTED, other]))

    async def keys(wanted: EventFilter) -> list[str]:
        return [item.event.key for item in await store.read(lambda c: journal.find(c, wanted, limit=10))]

    assert await keys(EventFilter(kind="job.*")) == [STARTED.key]
    assert await keys(EventFilter(kind="mail.requested")) == ["other"]
    assert await keys(EventFilter(kind="job%")) == []
    assert await keys(EventFilter(job_id=8)) == ["other"]
    assert await keys(EventFilter(user="ada", cluster="c")) == [STARTED.key]
    assert await keys(EventFilter(since=1000.0, until=1001.0)) == [STARTED.key]


async def test_of_too_many_events_the_newest_are_shown_in_order(store: Store) -> None:
    await store.write(lambda c: journal.append(c, [replace(STARTED, key=f"k{number}") for number in range(5)]))
    found = await store.read(lambda c: journal.find(c, EventFilter(), limit=2))
    oldest = await store.read(lambda c: journal.find(c, EventFilter(), limit=2, newest=False))
    assert [item.event.key for item in found] == ["k3", "k4"]
    assert [item.event.key for item in oldest] == ["k0", "k1"]


async def test_text_that_no_database_likes_is_kept_as_it_is(store: Store) -> None:
    nasty = "'; DROP TABLE events; -- 😀 \u202e \\ %_ \" \n\t"
    await store.write(lambda c: journal.append(c, [replace(STARTED, subject=nasty, user=nasty, data={"name": nasty})]))
    [recorded] = await store.read(lambda c: journal.find(c, EventFilter(user=nasty), limit=10))
    assert recorded.event.data == {"name": nasty}
