from __future__ import annotations

import pytest

from headgate.model.delivery import DeliveryState, Reason
from headgate.store import claims, deliveries, outcomes
from headgate.store.claims import Limits
from headgate.store.deliveries import Delivery, DeliveryFilter, Failure
from headgate.store.outcomes import Settled
from headgate.store.signals import Topic
from headgate.store.store import Store
from tests.store.owed import owe

SENDING, READY, DEAD = DeliveryState.SENDING, DeliveryState.READY, DeliveryState.DEAD


async def leased(store: Store, count: int = 1, owner: str = "w") -> list[int]:
    """Owe deliveries, lease them to an owner until 160, and return their numbers."""
    await owe(store, [(f"user{number} of {owner}", number) for number in range(count)], now=100.0)
    bundles = await store.write(
        lambda c: claims.claim(
            c, "mailto", Limits(recipient_burst=10**6), owner=owner, now=100.0, lease=60.0, most=10_000
        )
    )
    return [one.id for bundle in bundles for one in bundle.deliveries]


async def all_of(store: Store) -> list[Delivery]:
    return await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=10_000))


async def record(store: Store, *results: Settled, owner: str = "w", now: float = 101.0) -> int:
    return await store.write(lambda c: outcomes.record(c, results, owner=owner, now=now))


async def test_delivered_is_finished_and_remembers_nothing_of_failures(store: Store) -> None:
    numbers = await leased(store, 50)
    results = [Settled((number,), DeliveryState.DELIVERED) for number in numbers]
    assert await record(store, *results) == 50
    for item in await all_of(store):
        assert (item.state, item.finished_at, item.attempts) == (DeliveryState.DELIVERED, 101.0, 0)


async def test_folded_names_the_digest(store: Store) -> None:
    numbers = tuple(await leased(store, 3))
    assert await record(store, Settled(numbers, DeliveryState.FOLDED, folded_into="digest-1")) == 3
    assert {(item.state, item.folded_into) for item in await all_of(store)} == {(DeliveryState.FOLDED, "digest-1")}


async def test_a_failure_is_counted_told_and_tried_again_at_its_time(store: Store) -> None:
    [number] = await leased(store)
    await record(store, Settled((number,), READY, Reason.TIMEOUT, "slow", not_before=130.0))
    [item] = await all_of(store)
    assert (item.state, item.attempts, item.not_before, item.finished_at) == (READY, 1, 130.0, None)
    assert (item.reason, item.detail) == (Reason.TIMEOUT, "slow")
    assert await store.read(lambda c: deliveries.history(c, number)) == [Failure(101.0, Reason.TIMEOUT, "slow")]


async def test_a_service_that_is_down_costs_no_attempt_but_is_told(store: Store) -> None:
    [number] = await leased(store)
    await record(store, Settled((number,), READY, Reason.UNREACHABLE, "refused", not_before=130.0, counts=False))
    [item] = await all_of(store)
    assert item.attempts == 0
    assert len(await store.read(lambda c: deliveries.history(c, number))) == 1


async def test_dead_is_finished_with_its_reason(store: Store) -> None:
    [number] = await leased(store)
    await record(store, Settled((number,), DEAD, Reason.TARGET_REFUSED, "550"))
    [item] = await all_of(store)
    assert (item.state, item.reason, item.finished_at) == (DEAD, Reason.TARGET_REFUSED, 101.0)


@pytest.mark.parametrize("result", [(DeliveryState.DELIVERED, None), (READY, Reason.TIMEOUT), (DEAD, Reason.EXPIRED)])
async def test_who_has_no_lease_changes_nothing_and_tells_no_failure(
    store: Store, result: tuple[DeliveryState, Reason | None]
) -> None:
    [number] = await leased(store)
    assert await record(store, Settled((number,), *result), owner="other") == 0
    [item] = await all_of(store)
    assert (item.state, item.attempts) == (SENDING, 0)
    assert await store.read(lambda c: deliveries.history(c, number)) == []


async def test_of_results_only_partly_ours_the_others_have_no_failure(store: Store) -> None:
    mine, others = await leased(store, owner="w"), await leased(store, owner="other")
    assert await record(store, Settled((*mine, *others), READY, Reason.TIMEOUT, "", not_before=130.0)) == 1
    histories = [await store.read(lambda c, n=n: deliveries.history(c, n)) for n in (*mine, *others)]  # type: ignore[misc]
    assert [len(history) for history in histories] == [1, 0]


async def test_leases_are_renewed_for_their_owner_only(store: Store) -> None:
    mine, others = await leased(store, 2, owner="w"), await leased(store, 3, owner="other")
    assert await store.write(lambda c: outcomes.renew(c, mine + others, "w", 500.0)) == 2
    assert await store.write(lambda c: outcomes.expire(c, 161.0)) == 3
    assert [item.state for item in await all_of(store)] == [SENDING] * 2 + [READY] * 3


async def test_what_is_given_back_is_as_if_it_had_never_been_claimed(store: Store) -> None:
    numbers = await leased(store, 3)
    assert await store.write(lambda c: outcomes.give_back(c, numbers[:2], "w")) == 2
    assert await store.write(lambda c: outcomes.give_back(c, [], "w")) == 0
    assert await store.write(lambda c: outcomes.give_back(c, numbers, "other")) == 0
    states = {item.id: (item.state, item.attempts) for item in await all_of(store)}
    assert states == {numbers[0]: (READY, 0), numbers[1]: (READY, 0), numbers[2]: (SENDING, 0)}


async def test_a_lease_runs_out_and_a_bell_rings(store: Store) -> None:
    await leased(store, 2500)
    bell = store.bell(Topic.READY)
    assert await store.write(lambda c: outcomes.expire(c, 159.0)) == 0
    assert not await bell.wait(0)
    assert await store.write(lambda c: outcomes.expire(c, 161.0)) == 2500
    assert await bell.wait(30)
    assert {item.state for item in await all_of(store)} == {READY}


async def test_where_nobody_else_works_all_is_taken_back_at_once(store: Store) -> None:
    await leased(store, 3)
    assert await store.write(lambda c: outcomes.expire(c, 100.0, everybody=True)) == 3
