from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from headgate.errors import StoreError
from headgate.model.delivery import DeliveryState, Reason
from headgate.model.message import Message, Outcome
from headgate.notify.connector import Commit, Delivered, Envelope, GiveUp, Scope, TryAgain
from headgate.notify.connector import Outcome as SendOutcome
from headgate.notify.pipeline import Worker, WorkerSettings
from headgate.notify.retries import RetryPolicy
from headgate.store import deliveries, outcomes
from headgate.store.claims import Limits
from headgate.store.deliveries import Delivery, DeliveryFilter
from headgate.store.store import Store, Work
from tests.notify.connectors import ScriptedConnector
from tests.store.owed import owe

T = TypeVar("T")
QUICK = RetryPolicy(first=0.01, longest=0.05, attempts=5)


def settings(**changes: object) -> WorkerSettings:
    defaults: dict[str, object] = {
        "limits": Limits(recipient_burst=10_000),
        "concurrency": 4,
        "poll": 0.02,
        "retries": QUICK,
        "pause_first": 0.02,
        "pause_longest": 0.1,
    }
    return WorkerSettings(**(defaults | changes))  # type: ignore[arg-type]


def digest(messages: Sequence[Message], now: float) -> tuple[Message, int]:
    title = " + ".join(message.title for message in messages)
    return Message(title=title, outcome=Outcome.NEUTRAL, time=now), len(messages)


@asynccontextmanager
async def working(
    store: Store, connector: ScriptedConnector, own: WorkerSettings, owner: str = "w"
) -> AsyncIterator[Worker]:
    worker = Worker(store, connector, own, owner=owner, make_digest=digest)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(task, 20)


async def everything(store: Store) -> list[Delivery]:
    return await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=100_000))


async def settled(store: Store) -> list[Delivery]:
    async with asyncio.timeout(60):
        while True:
            found = await everything(store)
            if found and not any(item.state.open for item in found):
                return found
            await asyncio.sleep(0.02)


async def test_everything_owed_is_delivered_once(store: Store) -> None:
    keys = await owe(store, [(f"user{number % 17}", number) for number in range(500)])
    connector = ScriptedConnector()
    async with working(store, connector, settings(prefetch=100)):
        found = await settled(store)
    assert {item.state for item in found} == {DeliveryState.DELIVERED}
    assert connector.taken == dict.fromkeys(keys, 1)


async def test_two_workers_share_the_work_and_double_nothing(store: Store) -> None:
    keys = await owe(store, [(f"user{number % 17}", number) for number in range(500)])
    one, two = ScriptedConnector(), ScriptedConnector()
    async with working(store, one, settings(prefetch=10), "w1"), working(store, two, settings(prefetch=10), "w2"):
        await settled(store)
    assert sorted([*one.taken, *two.taken]) == sorted(keys)


async def test_a_failure_that_may_pass_is_tried_again_until_it_passes(store: Store) -> None:
    [key] = await owe(store, [("ada", 1)])
    failed = [TryAgain(Reason.SERVICE_ERROR, "451 later"), TryAgain(Reason.TIMEOUT, "no answer")]
    connector = ScriptedConnector(lambda _: failed.pop() if failed else Delivered())
    async with working(store, connector, settings()):
        [item] = await settled(store)
    history = await store.read(lambda c: deliveries.history(c, item.id))
    assert (item.state, item.attempts) == (DeliveryState.DELIVERED, 2)
    assert [one.reason for one in history] == [Reason.TIMEOUT, Reason.SERVICE_ERROR]
    assert {envelope.key for envelope in connector.sent} == {key}


async def test_what_will_never_pass_is_dead_with_its_reason(store: Store) -> None:
    await owe(store, [("ada", 1)])
    connector = ScriptedConnector(lambda _: GiveUp(Reason.TARGET_REFUSED, "550 no such user"))
    async with working(store, connector, settings()):
        [item] = await settled(store)
    assert (item.state, item.reason, item.detail) == (DeliveryState.DEAD, Reason.TARGET_REFUSED, "550 no such user")
    assert len(connector.sent) == 1


async def test_a_target_that_may_not_be_used_any_more_is_not_sent_to(store: Store) -> None:
    await owe(store, [("refused", 1)])
    connector = ScriptedConnector()
    async with working(store, connector, settings()):
        [item] = await settled(store)
    assert (item.state, item.reason, connector.sent) == (DeliveryState.DEAD, Reason.TARGET_REFUSED, [])


async def test_attempts_end_and_the_last_reason_is_told(store: Store) -> None:
    await owe(store, [("ada", 1)])
    connector = ScriptedConnector(lambda _: TryAgain(Reason.TIMEOUT, "no answer within 30 s"))
    async with working(store, connector, settings()):
        [item] = await settled(store)
    assert (item.state, item.reason, item.attempts) == (DeliveryState.DEAD, Reason.EXPIRED, QUICK.attempts)
    assert "timeout: no answer within 30 s" in (item.detail or "")


async def test_one_recipient_that_fails_for_ever_slows_nobody_else(store: Store) -> None:
    await owe(store, [("bad", number) for number in range(50)] + [(f"good{number}", number) for number in range(50)])

    def answer(envelope: Envelope) -> SendOutcome:
        return TryAgain(Reason.TIMEOUT, "") if envelope.target == "bad" else Delivered()

    connector = ScriptedConnector(answer)
    slow = settings(retries=RetryPolicy(first=30, longest=60), concurrency=2)
    async with working(store, connector, slow):
        async with asyncio.timeout(20):
            while len(connector.taken) < 50:
                await asyncio.sleep(0.02)
    assert 1 <= sum(envelope.target == "bad" for envelope in connector.sent) <= 3


async def test_while_the_whole_service_is_down_no_attempts_are_used_up(store: Store) -> None:
    await owe(store, [(f"user{number}", number) for number in range(30)])
    down_until = time.monotonic() + 1.0

    def answer(_: Envelope) -> SendOutcome:
        if time.monotonic() < down_until:
            return TryAgain(Reason.UNREACHABLE, "connection refused", scope=Scope.CONNECTOR)
        return Delivered()

    connector = ScriptedConnector(answer)
    async with working(store, connector, settings()):
        found = await settled(store)
    assert {(item.state, item.attempts) for item in found} == {(DeliveryState.DELIVERED, 0)}
    assert len(connector.sent) < 100


async def test_over_the_bound_one_digest_names_every_message(store: Store) -> None:
    await owe(store, [("ada", number) for number in range(12)])
    connector = ScriptedConnector()
    async with working(store, connector, settings(limits=Limits(recipient_burst=3, recipient_period=60))):
        found = await settled(store)
    states = [item.state for item in found]
    assert states == [DeliveryState.DELIVERED] * 2 + [DeliveryState.FOLDED] * 10
    told = " + ".join(envelope.message.title for envelope in connector.sent)
    assert all(f"job {number} of ada" in told for number in range(12))
    assert {item.folded_into for item in found[2:]} == {connector.sent[-1].key} or len(connector.sent) == 3


async def test_a_service_that_may_show_repeats_gets_one_message_at_a_time_until_it_is_recorded(store: Store) -> None:
    await owe(store, [(f"user{number}", number) for number in range(40)])
    connector = ScriptedConnector(repeat_safe=False)
    async with working(store, connector, settings(concurrency=8)):
        await settled(store)
    assert connector.most_committing == 1


async def test_stopping_finishes_what_is_on_its_way_and_gives_back_the_rest(store: Store) -> None:
    await owe(store, [(f"user{number}", number) for number in range(200)])
    connector = ScriptedConnector(repeat_safe=False)
    async with working(store, connector, settings(concurrency=2, prefetch=50)):
        async with asyncio.timeout(20):
            while len(connector.sent) < 5:
                await asyncio.sleep(0)
    found = await everything(store)
    told = sum(item.state is DeliveryState.DELIVERED for item in found)
    assert told == len(connector.sent)
    assert {item.state for item in found} <= {DeliveryState.DELIVERED, DeliveryState.READY}


async def test_a_connector_that_breaks_costs_a_message_one_attempt(store: Store) -> None:
    await owe(store, [("ada", 1)])
    broken = [ValueError("secret-token")]

    def answer(_: Envelope) -> SendOutcome:
        if broken:
            raise broken.pop()
        return Delivered()

    async with working(store, ScriptedConnector(answer), settings()):
        [item] = await settled(store)
    [failure] = await store.read(lambda c: deliveries.history(c, item.id))
    assert (item.state, failure.reason) == (DeliveryState.DELIVERED, Reason.INTERNAL_ERROR)
    assert "secret-token" not in failure.detail


async def test_what_another_worker_held_when_it_died_is_sent_by_the_next(store: Store) -> None:
    await owe(store, [("ada", 1)])
    async with asyncio.timeout(20):
        hung = Worker(store, _Hanging(), settings(lease=1.0), owner="dead", make_digest=digest)
        task = asyncio.create_task(hung.run())
        while (await everything(store))[0].state is not DeliveryState.SENDING:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    connector = ScriptedConnector()
    async with working(store, connector, settings()), asyncio.timeout(20):
        while not connector.taken:
            await store.write(lambda c: outcomes.expire(c, time.time()))
            await asyncio.sleep(0.1)
    assert list(connector.taken.values()) == [1]


class _Hanging(ScriptedConnector):
    async def send(self, envelope: Envelope, commit: object) -> SendOutcome:
        del envelope, commit
        await asyncio.Event().wait()
        raise AssertionError


class _Far(Store):
    """A store that may be out of reach."""

    away = False

    async def write(self, work: Work[T], *, found_again: bool = False) -> T:
        if self.away:
            raise StoreError("it is away")
        return await super().write(work, found_again=found_again)


class _Slow(ScriptedConnector):
    """Is in the middle of its first message until it may go on."""

    def __init__(self) -> None:
        super().__init__(repeat_safe=False)
        self.begun, self.may = asyncio.Event(), asyncio.Event()

    async def send(self, envelope: Envelope, commit: Commit) -> SendOutcome:
        async def and_wait() -> None:
            await commit()
            self.begun.set()
            await self.may.wait()

        return await super().send(envelope, and_wait)


async def test_a_worker_that_was_cut_off_for_longer_than_its_lease_sends_nothing_of_what_it_had_claimed(
    store: Store,
) -> None:
    keys = await owe(store, [(f"user{number}", number) for number in range(20)])
    far = _Far(store.url.render_as_string(hide_password=False))
    slow, quick = _Slow(), ScriptedConnector(repeat_safe=False)
    async with asyncio.timeout(60), working(far, slow, settings(prefetch=20, lease=0.6), "far"):
        await slow.begun.wait()
        far.away = True
        async with working(store, quick, settings(), "near"):
            slow.may.set()
            while len(quick.taken) < len(keys):
                await store.write(lambda c: outcomes.expire(c, store.clock.now()))
                await asyncio.sleep(0.05)
        far.away = False
        [later] = await owe(store, [("ada", 99)])
        while later not in slow.taken:
            await asyncio.sleep(0.05)
    await asyncio.to_thread(far.close)
    assert quick.taken == dict.fromkeys(keys, 1)
    assert len(slow.taken) == 2  # the one that it was in the middle of, and the later one


async def test_what_is_sent_for_longer_than_a_lease_stays_its_workers(store: Store) -> None:
    [key] = await owe(store, [("ada", 1)])
    slow, quick = _Slow(), ScriptedConnector()
    async with asyncio.timeout(60), working(store, slow, settings(lease=0.6), "slow"):
        await slow.begun.wait()
        async with working(store, quick, settings(), "quick"):
            for _ in range(30):
                await store.write(lambda c: outcomes.expire(c, store.clock.now()))
                await asyncio.sleep(0.05)
        slow.may.set()
        await settled(store)
    assert (slow.taken, quick.taken) == ({key: 1}, {})


async def test_what_one_digest_cannot_show_is_told_in_the_next(store: Store) -> None:
    await owe(store, [("ada", number) for number in range(30)])

    def seven(messages: Sequence[Message], now: float) -> tuple[Message, int]:
        return digest(messages[:7], now)[0], min(7, len(messages))

    connector = ScriptedConnector()
    own = settings(limits=Limits(recipient_burst=1, recipient_period=0.01, digest_size=100))
    worker = Worker(store, connector, own, owner="w", make_digest=seven)
    task = asyncio.create_task(worker.run())
    found = await settled(store)
    worker.stop()
    await asyncio.wait_for(task, 20)
    told = [title for envelope in connector.sent for title in envelope.message.title.split(" + ")]
    assert sorted(told) == sorted(f"job {number} of ada" for number in range(30))
    assert len(connector.sent) <= 6
    assert {item.state for item in found} <= {DeliveryState.FOLDED, DeliveryState.DELIVERED}
