from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from headgate.bots.chat import Answer, Converse, Incoming
from headgate.bots.keeper import LISTENING, LOSSES, Keeper, KeeperSettings
from headgate.errors import BotError

QUICK = KeeperSettings(first=0.001, longest=0.002, refused=3600.0, jitter=0.0)
TOKEN = "xoxb-very-secret"


class Service:
    """Makes listeners that each end as told, and then one that serves until cancelled."""

    def __init__(self, *ends: BaseException | None) -> None:
        self._ends = list(ends)
        self.made = 0
        self.serves = asyncio.Event()
        self.cancelled = False

    def __call__(self) -> Service:
        self.made += 1
        return self

    async def run(self, converse: Converse) -> None:
        if self._ends:
            end = self._ends.pop(0)
            if end is not None:
                raise end
            return
        await converse(Incoming("U1", "n", "D1", private=True, text="help"))
        self.serves.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def converse(_: Incoming) -> Answer | None:
    return None


@contextlib.asynccontextmanager
async def running(make: Callable[[], Service], settings: KeeperSettings = QUICK) -> AsyncIterator[list[EventDict]]:
    keeper = Keeper("chat", make, converse, settings)
    with capture_logs() as logs:
        task = asyncio.create_task(keeper.run())
        yield logs
        keeper.stop()
        await asyncio.wait_for(task, 30)


def gauge() -> float:
    return float(LISTENING.labels("chat")._value.get())


async def test_a_listener_runs_until_the_keeper_is_stopped() -> None:
    service = Service()
    async with running(service):
        await asyncio.wait_for(service.serves.wait(), 30)
        assert gauge() == 1
    assert service.cancelled
    assert service.made == 1
    assert gauge() == 0


@pytest.mark.parametrize(
    "end",
    [
        BotError("connection reset"),
        None,
        ValueError(TOKEN),
        asyncio.CancelledError(),
        BaseExceptionGroup("x", [OSError()]),
    ],
    ids=["lost", "closed", "mistake", "cancelled itself", "group"],
)
async def test_a_listener_that_ends_is_made_again(end: BaseException | None) -> None:
    service = Service(end, end)
    before = LOSSES.labels("chat")._value.get()
    async with running(service) as logs:
        await asyncio.wait_for(service.serves.wait(), 30)
    assert service.made == 3
    assert LOSSES.labels("chat")._value.get() == before + 2
    assert TOKEN not in repr(logs)


async def test_what_is_logged_says_what_happened() -> None:
    service = Service(BotError("connection reset"), ValueError(TOKEN))
    async with running(service) as logs:
        await asyncio.wait_for(service.serves.wait(), 30)
    told = [(log["event"], log.get("error")) for log in logs if log["log_level"] != "info"]
    assert told == [("bot.lost", "connection reset"), ("bot.broke", "ValueError")]
    assert "test_keeper.py:" in str([log.get("where") for log in logs])


async def test_a_listener_that_cannot_be_made_is_tried_again() -> None:
    service = Service()
    tries: list[int] = []

    def make() -> Service:
        tries.append(1)
        if len(tries) < 3:
            raise BotError("no such file")
        return service

    async with running(make):
        await asyncio.wait_for(service.serves.wait(), 30)
    assert len(tries) == 3


async def test_what_will_not_pass_by_itself_is_tried_slowly() -> None:
    service = Service(BotError("the token is refused", transient=False))
    async with running(service) as logs:
        async with asyncio.timeout(30):
            while not any(log["event"] == "bot.again" for log in logs):
                await asyncio.sleep(0.01)
    assert [log["seconds"] for log in logs if log["event"] == "bot.again"] == [3600.0]
    assert service.made == 1


def test_pauses_double_to_a_bound_and_leave_a_part_to_chance() -> None:
    keeper = Keeper("chat", Service, converse, KeeperSettings(jitter=0.0))
    assert [keeper._pause(losses, transient=True) for losses in (1, 2, 3, 9, 10, 10_000)] == [1, 2, 4, 256, 300, 300]
    assert keeper._pause(1, transient=False) == 600
    chancy = Keeper("chat", Service, converse, KeeperSettings(jitter=0.2))
    pauses = {chancy._pause(1, transient=True) for _ in range(200)}
    assert len(pauses) > 100
    assert 0.8 <= min(pauses) <= max(pauses) <= 1.2


async def test_a_connection_that_held_begins_with_short_pauses_again() -> None:
    service = Service(*[BotError("gone")] * 4)
    async with running(service, KeeperSettings(first=0.001, longest=100, steady=0.0, jitter=0.0)) as logs:
        await asyncio.wait_for(service.serves.wait(), 30)
    assert {log["seconds"] for log in logs if log["event"] == "bot.again"} == {0.0}


async def test_cancelling_the_keeper_ends_the_listener() -> None:
    service = Service()
    task = asyncio.create_task(Keeper("chat", service, converse, QUICK).run())
    await asyncio.wait_for(service.serves.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert service.cancelled
