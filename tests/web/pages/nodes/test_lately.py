from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from headgate.errors import SlurmCommandError
from headgate.web.pages.nodes import lately as module
from headgate.web.pages.nodes.asking import for_a_moment
from headgate.web.pages.nodes.lately import lately


class Owner:
    """Whose questions they are."""


class Asked:
    """A question that counts how often it was asked."""

    def __init__(self) -> None:
        self.count = 0
        self.gate = asyncio.Event()

    async def __call__(self) -> int:
        self.count += 1
        await self.gate.wait()
        return self.count


async def test_many_who_ask_the_same_are_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    owner, other, asked = Owner(), Owner(), Asked()
    asking = [asyncio.create_task(lately(owner, ("jobs", "n1"), asked)) for _ in range(20)]
    await asyncio.sleep(0)
    asking[0].cancel()  # who leaves does not stop it for the others
    asked.gate.set()
    assert await asyncio.gather(*asking[1:]) == [1] * 19
    assert await lately(owner, ("jobs", "n2"), asked) == 2
    assert await lately(other, ("jobs", "n1"), asked) == 3
    clock.now = 4.0
    assert await lately(owner, ("jobs", "n1"), asked) == 1
    clock.now = 6.0
    assert await lately(owner, ("jobs", "n1"), asked) == 4


async def test_a_failure_is_an_answer_too() -> None:
    owner, count = Owner(), 0

    async def fail() -> int:
        nonlocal count
        count += 1
        raise SlurmCommandError("slurmctld is away")

    for _ in range(3):
        answered = await for_a_moment(lately(owner, ("x",), fail))
        assert (answered.value, answered.problem) == (None, "slurmctld is away")
    assert count == 1
