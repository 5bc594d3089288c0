"""The way of a message, and the workers who take it there.

A message passes six stages:

1. *recipients*: an event that asks for a mail becomes one delivery per receiver, in the event's own transaction
   (``recipients.py``);
2. *message*: when accounting has the job's figures, the message is made (``compose.py``);
3. *coalesce*: due deliveries are claimed; over a recipient's bound they are folded into one (``store/claims.py``);
4. *render* and 5. *send*: the connector gives the message its service's form and sends it once;
6. *record*: what became of it is written down (``retries.py`` decides, ``store/outcomes.py`` writes).

``Worker.deliver`` is the last four, for one message. There is one worker per connector and process.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from headgate.errors import RecipientError, StoreError
from headgate.model.delivery import DeliveryState, Reason
from headgate.model.event import Event
from headgate.model.message import Message
from headgate.notify import metrics
from headgate.notify.breaker import Breaker
from headgate.notify.connector import Connector, Delivered, Envelope, GiveUp, Outcome, TryAgain
from headgate.notify.leases import LeaseLostError, Leases
from headgate.notify.pace import Pace
from headgate.notify.retries import RetryPolicy, settle
from headgate.notify.targets import Targets
from headgate.store import claims, journal, outcomes
from headgate.store.claims import Bundle, Claimed, Limits
from headgate.store.outcomes import Settled
from headgate.store.signals import Bell, Topic
from headgate.store.store import Store
from headgate.telemetry.context import about
from headgate.telemetry.spans import span

_log = structlog.get_logger(__name__)

MakeDigest = Callable[[Sequence[Message], float], tuple[Message, int]]
"""Folds as many messages, from the first on, as one digest holds; says how many (one at least)."""
_MANY = 100
"""Messages from which on folding them is worth a thread of its own."""
_ON_A_LINE = 100
"""Deliveries that one line of the log tells of, at most."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How one worker works. Times in seconds.

    ``concurrency``: messages on their way at once. ``prefetch``: messages leased ahead. ``lease``: how long claimed
    work is ours before another worker may take it. ``poll``: the longest time without looking for work.
    """

    limits: Limits = field(default_factory=Limits)
    concurrency: int = 1
    prefetch: int = 16
    lease: float = 60.0
    poll: float = 1.0
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    pause_first: float = 1.0
    pause_longest: float = 60.0


class Worker:
    """Sends what is due through one connector."""

    def __init__(
        self, store: Store, connector: Connector, settings: WorkerSettings, *, owner: str, make_digest: MakeDigest
    ) -> None:
        self._store = store
        self._connector = connector
        self._settings = settings
        self._owner = owner
        self._make_digest = make_digest
        self._queue: asyncio.Queue[Bundle] = asyncio.Queue()
        self._settled: asyncio.Queue[list[Settled]] = asyncio.Queue()
        self._gate = asyncio.Lock()
        # People read one message after the other; a program may take several at a time.
        self._targets = Targets(settings.concurrency if connector.wants_events else 1)
        self._breaker = Breaker(connector.name, settings.pause_first, settings.pause_longest)
        self._pace = Pace()
        self._leases = Leases(store, owner, settings.lease)
        self._sent: dict[int, Claimed] = {}
        self._stopping = asyncio.Event()
        self._bell: Bell | None = None
        self._room = asyncio.Event()

    @property
    def name(self) -> str:
        """The connector's name."""
        return self._connector.name

    async def run(self) -> None:
        """Work until ``stop``; then finish what is on its way, and give back what is not."""
        self._bell = self._store.bell(Topic.READY)
        recorder = asyncio.create_task(self._record_batches(), name=f"record {self.name}")
        leases = asyncio.create_task(self._keep_leases(), name=f"leases {self.name}")
        try:
            async with asyncio.TaskGroup() as group:
                senders = [
                    group.create_task(self._send_queued(), name=f"send {self.name} {number}")
                    for number in range(self._settings.concurrency)
                ]
                await self._claim_until_stopped()
                await self._give_back_queued()
                for _ in senders:
                    self._queue.put_nowait(Bundle("", ()))
            await self._settled.join()
        finally:
            for task in (recorder, leases):
                task.cancel()
            await asyncio.gather(recorder, leases, return_exceptions=True)

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stopping.set()
        if self._bell is not None:
            self._bell.ring()
        self._room.set()

    async def deliver(self, bundle: Bundle) -> None:
        """Take one message through the stages that are left: coalesce, render and send, record."""
        message, bundle = await self._coalesce(bundle)
        others = [one.trace for one in bundle.deliveries] if len(bundle.deliveries) > 1 else ()
        with (
            about(**_told(bundle.deliveries)),
            span(f"deliver {self.name}", "producer", traces=others, headgate__deliveries=len(bundle.deliveries)),
        ):
            await self._send_and_record(message, bundle)

    async def _send_and_record(self, message: Message, bundle: Bundle) -> None:
        holding = False

        async def commit() -> None:
            nonlocal holding
            if not self._connector.repeat_safe and not holding:
                await self._gate.acquire()
                holding = True
            if not self._leases.hold(bundle):  # what held the gate may have waited long for the store
                raise LeaseLostError

        try:
            outcome = await self._send(Envelope(bundle.target, message, bundle.key, await self._events(bundle)), commit)
            await self._record(bundle, outcome)
        except LeaseLostError:
            self._let_go(bundle)
        finally:
            if holding:
                self._gate.release()

    async def _coalesce(self, bundle: Bundle) -> tuple[Message, Bundle]:
        """Return the one message of a bundle, and what of the bundle it tells; the rest waits for the next one."""
        if len(bundle.deliveries) == 1:
            return Message.model_validate_json(bundle.deliveries[0].message), bundle
        few = len(bundle.deliveries) < _MANY
        message, used = self._fold(bundle) if few else await asyncio.to_thread(self._fold, bundle)
        rest = tuple(delivery.id for delivery in bundle.deliveries[used:])
        if rest:
            await self._write([Settled(rest, DeliveryState.READY, not_before=self._store.clock.now(), counts=False)])
        return message, Bundle(bundle.target, bundle.deliveries[:used], bundle.lease)

    def _fold(self, bundle: Bundle) -> tuple[Message, int]:
        messages = [Message.model_validate_json(delivery.message) for delivery in bundle.deliveries]
        return self._make_digest(messages, self._store.clock.now())

    async def _events(self, bundle: Bundle) -> tuple[Event, ...]:
        """Return what a message is about, for a connector that wants to tell it."""
        if not self._connector.wants_events:
            return ()
        numbers = [delivery.event_id for delivery in bundle.deliveries]
        while True:
            try:
                recorded = await self._store.read(lambda connection: journal.get_many(connection, numbers))
            except StoreError as error:
                _log.error("worker.cannot_read", connector=self.name, error=error.message)
                await asyncio.sleep(1)
            else:
                return tuple(item.event for item in recorded)

    async def _send(self, envelope: Envelope, commit: Callable[[], Awaitable[None]]) -> Outcome:
        begun = time.perf_counter()
        try:
            # Checked when it was owed; settings may have changed since, and an operator may retry a refused one.
            self._connector.check_target(envelope.target)
            outcome = await self._connector.send(envelope, commit)
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        except LeaseLostError:
            raise
        except Exception as error:  # noqa: BLE001 - a connector's defect must cost one message one attempt, not the service
            _log.error("connector.defect", connector=self.name, target=envelope.target, **_defect(error))
            outcome = TryAgain(Reason.INTERNAL_ERROR, f"the connector failed: {type(error).__name__}")
        metrics.SEND_SECONDS.labels(self.name).observe(time.perf_counter() - begun)
        return outcome

    async def _record(self, bundle: Bundle, outcome: Outcome) -> None:
        now = self._store.clock.now()
        self._breaker.report(outcome, now)
        self._pace.learn(bundle.target, outcome, now)
        results = settle(outcome, bundle, self.name, self._settings.retries, now)
        self._sent.update((delivery.id, delivery) for delivery in bundle.deliveries)
        for result in results:
            if result.holds is not None:
                self._targets.hold(bundle.target, result.not_before)
        if self._connector.repeat_safe and isinstance(outcome, Delivered):
            self._settled.put_nowait(results)
        else:
            await self._write(results)

    async def _write(self, results: list[Settled]) -> None:
        """Write results down; a store that is away is waited for, since what was sent must not be sent again."""
        while True:
            try:
                await self._store.write(
                    lambda connection: outcomes.record(
                        connection, results, owner=self._owner, now=self._store.clock.now()
                    )
                )
            except StoreError as error:
                _log.error("worker.cannot_record", connector=self.name, error=error.message)
                await asyncio.sleep(1)
            else:
                break
        for result in results:
            self._leases.settled(result.ids)
            self._count(result)
        if self._bell is not None and self._queue.empty():
            self._bell.ring()  # what had to wait for these in its lane may go now

    def _count(self, result: Settled) -> None:
        how = "retried" if result.state is DeliveryState.READY else result.state.value
        metrics.DELIVERIES.labels(self.name, how).inc(len(result.ids))
        why: dict[str, str] = {}
        if result.reason is not None:
            metrics.FAILURES.labels(self.name, result.reason.value).inc(len(result.ids))
            why = {"reason": result.reason.value, "detail": result.detail}
        sent = [self._sent.pop(number) for number in result.ids if number in self._sent]
        report = _log.warning if result.state is DeliveryState.DEAD else _log.info
        for start in range(0, len(sent), _ON_A_LINE):  # none for what was only put off
            report(f"delivery.{how}", connector=self.name, **why, **_told(sent[start : start + _ON_A_LINE]))

    async def _record_batches(self) -> None:
        """Write results of a repeat-safe connector together: as many as have come while the last ones were written."""
        while True:
            batches = [await self._settled.get()]
            while not self._settled.empty():
                batches.append(self._settled.get_nowait())
            await self._write([result for batch in batches for result in batch])
            for _ in batches:
                self._settled.task_done()

    async def _send_queued(self) -> None:
        while True:
            bundle = await self._queue.get()
            self._room.set()
            if not bundle.deliveries:
                return
            following = bundle if self._targets.enter(bundle) else None
            while following is not None:
                await self._deliver_or_postpone(following)
                following = self._targets.leave(following.target)

    async def _deliver_or_postpone(self, bundle: Bundle) -> None:
        """Deliver a message, unless its service or its target turned out to be down since it was claimed."""
        if not self._leases.hold(bundle):
            self._let_go(bundle)
            return
        now = self._store.clock.now()
        until = now if self._breaker.closed_for(now) else self._targets.held_until(bundle.target, now)
        turn = self._pace.enter(bundle.target, now) if until is None else None
        if until is None and turn is None:
            await self.deliver(bundle)
            return
        ids = tuple(delivery.id for delivery in bundle.deliveries)
        holds = None if turn is None else (self.name, bundle.target)
        not_before = turn if turn is not None else until or now
        await self._write([Settled(ids, DeliveryState.READY, not_before=not_before, counts=False, holds=holds)])

    async def _claim_until_stopped(self) -> None:
        while not self._stopping.is_set():
            now = self._store.clock.now()
            closed = self._breaker.closed_for(now)
            if closed:
                await self._idle(min(closed, self._settings.poll))
                continue
            room = 1 if self._breaker.probing else self._settings.prefetch
            room -= self._queue.qsize()
            if room * 2 < self._settings.prefetch and not (self._breaker.probing and room > 0):
                self._room.clear()
                await self._room.wait()
                continue
            if not await self._claim(now, room):
                await self._idle(self._settings.poll)

    async def _claim(self, now: float, most: int) -> bool:
        try:
            bundles = await self._store.write(
                lambda connection: claims.claim(
                    connection,
                    self.name,
                    self._settings.limits,
                    owner=self._owner,
                    now=now,
                    lease=self._settings.lease,
                    most=most,
                )
            )
        except StoreError as error:
            _log.error("worker.cannot_claim", connector=self.name, error=error.message)
            return False
        self._leases.took(bundles)
        for bundle in bundles:
            self._queue.put_nowait(bundle)
        return bool(bundles)

    def _let_go(self, bundle: Bundle) -> None:
        """Leave to others what could not be sent while it was ours: they may be sending it already."""
        self._leases.let_go(bundle)
        _log.warning("worker.lease_lost", connector=self.name, **_told(bundle.deliveries[:_ON_A_LINE]))

    async def _idle(self, seconds: float) -> None:
        if self._bell is not None:
            await self._bell.wait(seconds)

    async def _give_back_queued(self) -> None:
        waiting = self._targets.take_waiting()
        while not self._queue.empty():
            waiting.append(self._queue.get_nowait())
        numbers = [delivery.id for bundle in waiting for delivery in bundle.deliveries]
        try:
            await self._store.write(lambda connection: outcomes.give_back(connection, numbers, self._owner))
        except StoreError as error:
            _log.warning(
                "worker.cannot_give_back", connector=self.name, error=error.message
            )  # leases end by themselves

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease / 3)
            try:
                await self._leases.renew()
            except StoreError as error:
                _log.error("worker.cannot_renew", connector=self.name, error=error.message)


def _told(deliveries: Sequence[Claimed]) -> dict[str, Any]:
    """Return which deliveries these are, as the log names them."""
    if len(deliveries) == 1:
        return {"delivery": deliveries[0].id, "event_id": deliveries[0].event_id, "trace": deliveries[0].trace}
    return {
        "deliveries": [one.id for one in deliveries],
        "traces": list(dict.fromkeys(one.trace for one in deliveries)),
    }


def _defect(error: Exception) -> dict[str, object]:
    """Say where an exception came from; not what it says, for that may hold a secret."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return {"error": type(error).__name__, "where": [f"{frame.filename}:{frame.lineno}" for frame in frames]}
