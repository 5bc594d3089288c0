from __future__ import annotations

import asyncio

import structlog

from headgate.telemetry.context import about, current


def bound() -> dict[str, object]:
    return dict(structlog.contextvars.get_contextvars())


def test_a_trace_holds_inside_and_not_afterwards() -> None:
    assert current() is None
    with about("outer-trace", bot="slack"):
        assert (current(), bound()) == ("outer-trace", {"trace": "outer-trace", "bot": "slack"})
        with about("inner-trace"):
            assert current() == "inner-trace"
        with about(None, delivery=7, event_id=None):
            assert bound() == {"trace": "outer-trace", "bot": "slack", "delivery": 7}
        assert current() == "outer-trace"
    assert bound() == {}


async def test_tasks_have_each_their_own() -> None:
    async def work(trace: str) -> str | None:
        with about(trace):
            await asyncio.sleep(0)
            return current()

    assert await asyncio.gather(*(work(f"trace-{number}") for number in range(5))) == [f"trace-{n}" for n in range(5)]
    assert current() is None
