from __future__ import annotations

import asyncio

from headgate.errors import SlurmCommandError
from headgate.web.pages.kept import Kept


class Slurm:
    """Answers when it is let; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.may = asyncio.Event()
        self.fails = False

    async def ask(self) -> int:
        self.asked += 1
        await self.may.wait()
        if self.fails:
            raise SlurmCommandError("it does not answer")
        return self.asked


def long(_: int) -> float:
    return 1000.0


async def test_a_page_waits_for_a_moment_and_the_next_one_has_the_answer() -> None:
    slurm, kept = Slurm(), Kept[int](patience=0.01)
    assert await kept.get("a", slurm.ask, long) is None
    slurm.may.set()
    assert await Kept.get(kept, "a", slurm.ask, long) == 1
    assert await kept.get("a", slurm.ask, long) == 1
    assert slurm.asked == 1


async def test_many_who_ask_the_same_are_one_question() -> None:
    slurm, kept = Slurm(), Kept[int](patience=60.0)
    asking = [asyncio.create_task(kept.get("a", slurm.ask, long)) for _ in range(20)]
    await asyncio.sleep(0)
    slurm.may.set()
    assert await asyncio.gather(*asking) == [1] * 20
    assert slurm.asked == 1


async def test_an_old_answer_is_better_than_none_and_failures_are_not_repeated_at_once() -> None:
    slurm, kept = Slurm(), Kept[int](patience=60.0)
    slurm.may.set()
    assert await kept.get("a", slurm.ask, lambda _: 0.0) == 1
    slurm.fails = True
    assert await kept.get("a", slurm.ask, lambda _: 0.0) == 1
    assert await kept.get("a", slurm.ask, lambda _: 0.0) == 1
    assert slurm.asked == 2
    kept.forget("a")
    assert await kept.get("a", slurm.ask, lambda _: 0.0) is None
    assert slurm.asked == 3
