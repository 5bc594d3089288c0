from __future__ import annotations

from sqlalchemy import select, update

from headgate.model.delivery import DeliveryState, Reason
from headgate.model.event import Event, EventKind, Source
from headgate.model.job import Attempt
from headgate.store import claims, deliveries, jobs, journal, outcomes, retention
from headgate.store.claims import Limits
from headgate.store.deliveries import DeliveryFilter
from headgate.store.jobs import StoredJob
from headgate.store.journal import EventFilter
from headgate.store.outcomes import Settled
from headgate.store.store import Store
from headgate.store.tables import buckets, events, failures, witnesses
from tests.store.owed import owe

LONG_AFTER = 10_000_000_000.0


async def finish(store: Store, target: str, state: DeliveryState, *, finished: float) -> None:
    """Owe a delivery to somebody and bring it to an end."""
    await owe(store, [(target, 1)], now=10.0)
    [bundle] = await store.write(
        lambda c: claims.claim(c, "mailto", Limits(recipient_burst=99), owner="w", now=10.0, lease=60.0, most=10)
    )
    settled = Settled((bundle.deliveries[0].id,), state, Reason.TIMEOUT)
    await store.write(lambda c: outcomes.record(c, [settled], owner="w", now=finished))


async def targets(store: Store) -> list[str]:
    return [item.target for item in await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=100))]


async def test_finished_deliveries_are_forgotten_with_their_failures_and_others_are_not(store: Store) -> None:
    await finish(store, "old", DeliveryState.DELIVERED, finished=100.0)
    await finish(store, "folded", DeliveryState.FOLDED, finished=100.0)
    await finish(store, "dead", DeliveryState.DEAD, finished=100.0)
    await finish(store, "new", DeliveryState.DELIVERED, finished=200.0)
    await owe(store, [("open", 9)], now=10.0)
    assert len(await store.read(lambda c: c.execute(select(failures)).all())) == 2
    assert await store.write(lambda c: retention.forget_deliveries(c, 150.0)) == 2
    assert await targets(store) == ["dead", "new", "open"]
    assert len(await store.read(lambda c: c.execute(select(failures)).all())) == 1


async def test_dead_ones_are_forgotten_once_they_are_dropped(store: Store) -> None:
    await finish(store, "dead", DeliveryState.DEAD, finished=100.0)
    [item] = await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=10))
    await store.write(lambda c: deliveries.drop(c, [item.id], "seen", 120.0))
    assert await store.write(lambda c: retention.forget_deliveries(c, 150.0)) == 1


async def test_events_are_forgotten_with_their_witnesses_unless_a_delivery_needs_them(store: Store) -> None:
    await owe(store, [("ada", 1)], now=10.0)
    fact = Event("k", EventKind.JOB_STARTED, 1.0, "job 1", Source.WATCHER)
    await store.write(lambda c: journal.append(c, [fact]))
    assert await store.write(lambda c: retention.forget_events(c, 5.0)) == 0
    assert await store.write(lambda c: retention.forget_events(c, LONG_AFTER)) == 1
    found = await store.read(lambda c: journal.find(c, EventFilter(), limit=10))
    assert [item.event.kind for item in found] == [EventKind.MAIL_REQUESTED]
    assert len(await store.read(lambda c: c.execute(select(witnesses)).all())) == 1


async def test_a_lot_is_forgotten_a_little_at_a_time(store: Store) -> None:
    facts = [Event(f"k{number}", EventKind.JOB_STARTED, 1.0, "job", Source.WATCHER) for number in range(4500)]
    await store.write(lambda c: journal.append(c, facts))
    counts = [await store.write(lambda c: retention.forget_events(c, LONG_AFTER)) for _ in range(4)]
    assert counts == [2000, 2000, 500, 0]


async def test_numbers_of_forgotten_events_are_not_given_again(store: Store) -> None:
    fact = Event("k", EventKind.JOB_STARTED, 1.0, "job", Source.WATCHER)
    first = await store.write(lambda c: journal.append(c, [fact]))
    await store.write(lambda c: retention.forget_events(c, LONG_AFTER))
    assert (await store.write(lambda c: journal.append(c, [fact])))["k"] > first["k"]


async def test_jobs_are_forgotten_when_they_are_over_and_long_unseen(store: Store) -> None:
    for number, (open_, seen) in enumerate([(False, 100.0), (False, 200.0), (True, 100.0)]):
        job = StoredJob(Attempt("c", number, 1), open=open_, data={})
        await store.write(lambda c, job=job, seen=seen: jobs.keep(c, [job], seen))  # type: ignore[misc]
    assert await store.write(lambda c: retention.forget_jobs(c, 150.0)) == 1
    kept = [await store.read(lambda c, n=n: bool(jobs.of_job(c, "c", n))) for n in range(3)]  # type: ignore[misc]
    assert kept == [False, True, True]


async def test_buckets_that_nobody_touched_are_forgotten(store: Store) -> None:
    await finish(store, "ada", DeliveryState.DELIVERED, finished=100.0)
    await store.write(lambda c: c.execute(update(buckets).values(filled_at=50.0)) and None)
    assert await store.write(lambda c: retention.forget_buckets(c, 40.0)) == 0
    assert await store.write(lambda c: retention.forget_buckets(c, 60.0)) >= 1
    assert await store.read(lambda c: c.execute(select(buckets)).all()) == []


async def test_sizes_count_what_there_is(store: Store) -> None:
    assert await store.read(retention.sizes) == {"events": 0, "deliveries": 0, "jobs": 0}
    await owe(store, [("ada", 1), ("ben", 2)])
    assert await store.read(retention.sizes) == {"events": 2, "deliveries": 2, "jobs": 0}
    assert len(await store.read(lambda c: c.execute(select(events)).all())) == 2
