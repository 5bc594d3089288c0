"""Parts run side by side; one that fails stops all, and stopping has an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import structlog

from headgate.service.supervisor import Part, PartFailedError, Supervisor


class Work:
    """A part that runs until it is stopped, and notes what happened to it."""

    def __init__(self, name: str = "work") -> None:
        self.name = name
        self.running = asyncio.Event()
        self.finish = asyncio.Event()
        self.seen: list[str] = []

    async def run(self) -> None:
        self.running.set()
        try:
            await self.finish.wait()
            self.seen.append("ended")
        except asyncio.CancelledError:
            self.seen.append("cancelled")
            raise

    def stop(self) -> None:
        self.seen.append("asked")
        self.finish.set()

    @property
    def part(self) -> Part:
        return Part(self.name, self.run, self.stop)


def nothing() -> None:
    return


async def fail() -> None:
    raise ValueError("broken")


async def end() -> None:
    return


@asynccontextmanager
async def supervised(supervisor: Supervisor) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(supervisor.run())
    yield task
    supervisor.stop()
    await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 30)


async def test_all_parts_run_until_they_are_asked_to_stop() -> None:
    works = [Work(str(number)) for number in range(3)]
    supervisor = Supervisor([work.part for work in works], deadline=30)
    async with supervised(supervisor) as task:
        for work in works:
            await work.running.wait()
        assert not task.done()
    assert [work.seen for work in works] == [["asked", "ended"]] * 3
    assert task.exception() is None


async def test_tasks_have_their_parts_names() -> None:
    work = Work("mail")
    async with supervised(Supervisor([work.part], deadline=30)):
        await work.running.wait()
        assert "mail" in {task.get_name() for task in asyncio.all_tasks()}


async def test_a_part_that_fails_stops_the_others_in_order_and_is_told() -> None:
    work = Work()
    with structlog.testing.capture_logs() as logged, pytest.raises(ValueError, match="broken"):
        await Supervisor([work.part, Part("bad", fail, nothing)], deadline=30).run()
    assert work.seen in (["asked", "ended"], ["asked"])
    [told] = [line for line in logged if line["event"] == "part.failed"]
    assert (told["part"], told["log_level"]) == ("bad", "error")


async def test_a_part_that_ends_unasked_is_a_failure() -> None:
    with pytest.raises(PartFailedError, match="bad ended unexpectedly"):
        await Supervisor([Work().part, Part("bad", end, nothing)], deadline=30).run()


async def test_who_does_not_end_in_time_is_cancelled_and_named() -> None:
    work = Work("slow")
    supervisor = Supervisor([Part("slow", work.run, nothing)], deadline=0.01)
    with structlog.testing.capture_logs() as logged:
        async with supervised(supervisor):
            await work.running.wait()
    assert work.seen == ["cancelled"]
    assert [line["part"] for line in logged if line["event"] == "part.late"] == ["slow"]


async def test_a_part_that_fails_while_it_stops_does_not_fail_the_stop_but_is_told() -> None:
    work = Work("drain")

    async def run() -> None:
        await work.run()
        raise ValueError("broken at the end")

    with structlog.testing.capture_logs() as logged:
        async with supervised(Supervisor([Part("drain", run, work.stop)], deadline=30)) as task:
            await work.running.wait()
    assert task.exception() is None
    assert [line["part"] for line in logged if line["event"] == "part.failed"] == ["drain"]


async def test_being_cancelled_cancels_every_part() -> None:
    works = [Work(), Work()]
    task = asyncio.create_task(Supervisor([work.part for work in works], deadline=30).run())
    for work in works:
        await work.running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [work.seen for work in works] == [["cancelled"]] * 2


@pytest.mark.parametrize("when", ["before", "at once"])
async def test_a_stop_that_comes_early_counts(when: str) -> None:
    work = Work()
    supervisor = Supervisor([work.part], deadline=30)
    stop: Callable[[], None] = supervisor.stop
    if when == "before":
        stop()
    task = asyncio.create_task(supervisor.run())
    stop()
    await asyncio.wait_for(task, 30)
    assert "cancelled" not in work.seen
