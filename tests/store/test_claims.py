from __future__ import annotations

import functools
from collections.abc import Sequence

import hypothesis
import pytest
from hypothesis import strategies as st
from sqlalchemy import Connection, update

from headgate.model.delivery import DeliveryState, Priority, Reason
from headgate.store import claims, deliveries, outcomes, tables
from headgate.store.claims import Bundle, Limits, plan
from headgate.store.deliveries import DeliveryFilter, NewDelivery
from headgate.store.outcomes import Settled
from headgate.store.store import Store
from tests.store.owed import owe

FREE = Limits(recipient_burst=1_000_000)


async def claim(
    store: Store, limits: Limits = FREE, *, now: float = 100.0, most: int = 1000, owner: str = "w"
) -> list[Bundle]:
    return await store.write(lambda c: claims.claim(c, "mailto", limits, owner=owner, now=now, lease=60.0, most=most))


async def owed(store: Store, wanted: Sequence[tuple[str, int]]) -> None:
    await owe(store, wanted, now=100.0)


async def settle(store: Store, bundles: list[Bundle], state: DeliveryState = DeliveryState.DELIVERED) -> None:
    results = [Settled(tuple(d.id for d in bundle.deliveries), state) for bundle in bundles]
    await store.write(lambda c: outcomes.record(c, results, owner="w", now=101.0))


async def test_the_oldest_are_claimed_first_and_only_once(store: Store) -> None:
    await owed(store, [("ada", 1), ("ben", 2), ("cyd", 3)])
    first = await claim(store, most=2)
    second = await claim(store, most=2, owner="other")
    assert [bundle.target for bundle in first] == ["ada", "ben"]
    assert [bundle.target for bundle in second] == ["cyd"]
    assert await claim(store) == []


async def test_the_end_of_a_job_is_not_sent_before_its_start(store: Store) -> None:
    await owed(store, [("ada", 7), ("ada", 7), ("ada", 8)])
    begin = await claim(store)
    assert [len(bundle.deliveries) for bundle in begin] == [1, 1]
    assert await claim(store) == []
    await settle(store, begin)
    assert len(await claim(store)) == 1


async def test_the_end_of_a_job_waits_while_its_start_is_tried_again(store: Store) -> None:
    await owed(store, [("ada", 7), ("ada", 7)])
    [begin] = await claim(store)
    again = Settled((begin.deliveries[0].id,), DeliveryState.READY, Reason.TIMEOUT, "slow", not_before=200.0)
    await store.write(lambda c: outcomes.record(c, [again], owner="w", now=101.0))
    assert await claim(store, now=150.0) == []
    [retried] = await claim(store, now=200.0)
    assert (retried.deliveries[0].id, retried.deliveries[0].attempts) == (begin.deliveries[0].id, 1)


async def test_a_dead_start_does_not_hold_up_the_end(store: Store) -> None:
    await owed(store, [("ada", 7), ("ada", 7)])
    await settle(store, await claim(store), DeliveryState.DEAD)
    assert len(await claim(store)) == 1


async def test_a_rate_is_kept_over_claims(store: Store) -> None:
    await owed(store, [(f"user{number}", number) for number in range(30)])
    limits = Limits(rate=2.0, burst=5, recipient_burst=10)
    sizes = [len(await claim(store, limits, now=now)) for now in (100.0, 100.0, 101.0, 101.4, 111.0)]
    assert sizes == [5, 0, 2, 0, 5]


async def test_over_the_bound_of_a_recipient_messages_are_folded_and_none_is_left(store: Store) -> None:
    await owed(store, [("ada", number) for number in range(20)] + [("ben", 99)])
    limits = Limits(recipient_burst=3, recipient_period=60.0)
    bundles = await claim(store, limits)
    sizes = sorted((bundle.target, len(bundle.deliveries)) for bundle in bundles)
    assert sizes == [("ada", 1), ("ada", 1), ("ada", 18), ("ben", 1)]


async def test_a_digest_takes_in_what_the_claim_itself_had_no_room_for(store: Store) -> None:
    await owed(store, [("ada", number) for number in range(50)])
    bundles = await claim(store, Limits(recipient_burst=2, recipient_period=60.0), most=10)
    assert sorted(len(bundle.deliveries) for bundle in bundles) == [1, 49]


async def test_a_recipient_without_credit_waits_and_others_do_not(store: Store) -> None:
    limits = Limits(recipient_burst=1, recipient_period=60.0)
    await owed(store, [("ada", 1)])
    await settle(store, await claim(store, limits))
    await owed(store, [("ada", 2), ("ada", 3), ("ben", 4)])
    assert [bundle.target for bundle in await claim(store, limits, now=110.0)] == ["ben"]
    assert await claim(store, limits, now=159.0) == []
    [digest] = await claim(store, limits, now=160.5)
    assert (digest.target, len(digest.deliveries)) == ("ada", 2)


async def test_recipients_whose_credit_is_whole_are_claimed_beside_others(store: Store) -> None:
    await owed(store, [("ada", 1), ("ben", 2)])
    await settle(store, await claim(store, Limits(), now=200.0))
    await owed(store, [("ben", 3)])
    await settle(store, await claim(store, Limits(), now=100_000.0))
    await owed(store, [("ada", 4), ("ben", 5)])
    bundles = await claim(store, Limits(), now=100_001.0)  # ada's is full again, ben's is not quite
    assert [bundle.target for bundle in bundles] == ["ada", "ben"]


async def test_a_digest_is_bounded_and_the_rest_follows(store: Store) -> None:
    await owed(store, [("ada", number) for number in range(25)])
    limits = Limits(recipient_burst=1, recipient_period=10.0, digest_size=10)
    seen: list[int] = []
    for now in (100.0, 111.0, 122.0, 133.0):
        bundles = await claim(store, limits, now=now)
        seen += [len(bundle.deliveries) for bundle in bundles]
        results = [Settled(tuple(d.id for d in b.deliveries), DeliveryState.FOLDED, folded_into=b.key) for b in bundles]
        await store.write(functools.partial(outcomes.record, results=results, owner="w", now=now))
    assert seen == [10, 10, 5]


async def test_a_digest_tells_the_most_urgent_first(store: Store) -> None:
    await owed(store, [("ada", job) for job in range(6)])
    [*_, last] = await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=100))
    urgent = {last.event_id: deliveries.Made(last.message or "", Priority.FAILURE)}

    def fail(connection: Connection) -> None:
        connection.execute(update(tables.deliveries).where(tables.deliveries.c.id == last.id).values(state="waiting"))
        deliveries.give_messages(connection, urgent, 100.0)

    await store.write(fail)
    [digest] = await claim(store, Limits(recipient_burst=1, digest_size=3))
    assert digest.deliveries[0].id == last.id
    assert len(digest.deliveries) == 3


async def test_what_a_dead_worker_held_is_given_back_when_its_lease_ends(store: Store) -> None:
    await owed(store, [("ada", 1)])
    await claim(store, owner="dead")
    assert await store.write(lambda c: outcomes.expire(c, 159.0)) == 0
    assert await store.write(lambda c: outcomes.expire(c, 161.0)) == 1
    assert len(await claim(store, now=161.0)) == 1


async def test_a_renewed_lease_does_not_end(store: Store) -> None:
    await owed(store, [("ada", 1)])
    [bundle] = await claim(store, owner="alive")
    assert bundle.lease.until == 160.0
    assert await store.write(lambda c: outcomes.renew(c, [bundle.deliveries[0].id], "alive", 500.0)) == 1
    assert await store.write(lambda c: outcomes.expire(c, 161.0)) == 0


@pytest.mark.parametrize(
    ("result", "taken_over", "state"),
    [
        (DeliveryState.DELIVERED, True, DeliveryState.SENDING),
        (DeliveryState.DELIVERED, False, DeliveryState.DELIVERED),
        (DeliveryState.FOLDED, False, DeliveryState.FOLDED),
        (DeliveryState.DEAD, False, DeliveryState.READY),
    ],
)
async def test_what_a_worker_records_that_lost_its_lease_counts_if_it_was_told_and_nobody_has_it(
    store: Store, result: DeliveryState, taken_over: bool, state: DeliveryState
) -> None:
    await owed(store, [("ada", 1)])
    [bundle] = await claim(store, owner="slow")
    await store.write(lambda c: outcomes.expire(c, 161.0))
    if taken_over:
        await claim(store, now=161.0, owner="quick")
    late = Settled((bundle.deliveries[0].id,), result)
    counted = await store.write(lambda c: outcomes.record(c, [late], owner="slow", now=162.0))
    [found] = await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=10))
    assert (found.state, counted) == (state, int(result is state))


async def test_one_failing_recipient_is_held_and_nobody_else(store: Store) -> None:
    await owed(store, [("ada", 1), ("ada", 2), ("ben", 3)])
    [first] = await claim(store, most=1)
    again = Settled(
        (first.deliveries[0].id,), DeliveryState.READY, Reason.TIMEOUT, "", not_before=200.0, holds=("mailto", "ada")
    )
    await store.write(lambda c: outcomes.record(c, [again], owner="w", now=101.0))
    assert [bundle.target for bundle in await claim(store, now=150.0)] == ["ben"]
    assert len(await claim(store, now=200.0)) == 2


async def test_retry_brings_dead_ones_back_but_not_receivers_that_name_nobody(store: Store) -> None:
    await owed(store, [("ada", 1)])
    await settle(store, await claim(store), DeliveryState.DEAD)
    bad = NewDelivery(1, "bad", "?", "x:", "bad", reason=Reason.BAD_RECEIVER, detail="no target")
    await store.write(lambda c: deliveries.owe(c, [bad], 100.0))
    dead = await store.read(lambda c: deliveries.find(c, DeliveryFilter(states=(DeliveryState.DEAD,)), limit=10))
    changed = await store.write(lambda c: deliveries.retry(c, [item.id for item in dead], 300.0))
    assert changed == [dead[0].id]
    assert [bundle.target for bundle in await claim(store, now=300.0)] == ["ada"]


async def test_drop_leaves_alone_what_is_on_its_way_or_told(store: Store) -> None:
    await owed(store, [("ada", 1), ("ben", 2), ("cyd", 3)])
    bundles = await claim(store, most=2)
    await settle(store, bundles[:1])
    everything = await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=10))
    dropped = await store.write(lambda c: deliveries.drop(c, [item.id for item in everything], "why", 300.0))
    assert dropped == [everything[2].id]


@hypothesis.given(
    due=st.dictionaries(st.text(max_size=3), st.lists(st.integers(), min_size=1, max_size=30, unique=True), max_size=5),
    burst=st.integers(1, 8),
    part=st.floats(0, 1),
)
def test_a_plan_loses_and_doubles_nothing_and_keeps_the_bound(
    due: dict[str, list[int]], burst: int, part: float
) -> None:
    decided = plan(due, dict.fromkeys(due, burst * part), Limits(recipient_burst=burst), now=100.0)
    for target, numbers in due.items():
        singles = [number for number in decided.singles if number in numbers] if len(due) == 1 else None
        folded = decided.digests.get(target, [])
        if target in decided.held:
            assert burst * part < 1
            assert not folded
        elif singles is not None:
            assert singles + folded == numbers
            assert len(singles) + bool(folded) <= burst * part
        assert decided.tokens[target] >= 0
    planned = len(decided.singles) + sum(map(len, decided.digests.values()))
    assert planned + sum(len(due[target]) for target in decided.held) == sum(map(len, due.values()))
