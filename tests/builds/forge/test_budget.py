"""Limits are kept before they bite."""

from __future__ import annotations

import pytest

from headgate.builds.forge.budget import Budget
from headgate.builds.forge.interface import ForgeError


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> Budget:
    return Budget(clock=clock, sleep=clock.sleep)


def left(remaining: int, reset: int, limit: int = 5000) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(reset),
    }


async def test_as_long_as_nothing_is_known_nothing_waits(budget: Budget, clock: Clock) -> None:
    for _ in range(100):
        await budget.admit()
    assert clock.slept == []


async def test_what_is_left_is_kept_for_people_before_it_is_used_up(budget: Budget) -> None:
    budget.told(200, left(900, 4000))
    await budget.admit()
    with pytest.raises(ForgeError) as refused:
        await budget.admit(spare=True)
    assert refused.value.retry_after == 3000


async def test_the_last_requests_are_not_taken(budget: Budget, clock: Clock) -> None:
    budget.told(200, left(51, 4000))
    await budget.admit()
    with pytest.raises(ForgeError) as refused:
        await budget.admit()
    assert (refused.value.retry_after, refused.value.transient) == (3000, True)
    clock.now = 4000
    await budget.admit()


async def test_near_the_hours_end_it_is_waited_for(budget: Budget, clock: Clock) -> None:
    budget.told(200, left(0, 1010))
    await budget.admit()
    assert clock.slept == [10]


async def test_answers_that_come_late_do_not_make_more_of_what_is_left(budget: Budget) -> None:
    budget.told(200, left(10, 4000))
    budget.told(200, left(4000, 4000))
    assert budget.wait() == 3000
    budget.told(200, left(4999, 8000))
    assert budget.wait() == 0


async def test_content_is_made_at_the_rate_that_is_allowed(budget: Budget, clock: Clock) -> None:
    times = []
    for _ in range(200):
        await budget.admit(makes=True)
        times.append(clock.now)
    assert clock.slept[:5] == [1] * 5
    assert max(sum(start <= one < start + 60 for one in times) for start in times) <= 80
    assert times[19] == 1000


async def test_reading_does_not_wait_for_what_is_made(budget: Budget, clock: Clock) -> None:
    for _ in range(20):
        await budget.admit(makes=True)
    await budget.admit()
    assert clock.slept == []


@pytest.mark.parametrize(
    ("status", "headers", "said", "wait"),
    [
        (403, {"retry-after": "45"}, "", 45),
        (429, {"retry-after": "45"}, "", 45),
        (429, {"retry-after": "Thu, 01 Jan 1970 00:17:25 GMT"}, "", 45),
        (403, left(0, 4000), "API rate limit exceeded", 3000),
        (403, left(0, 990), "API rate limit exceeded", 1),
        (403, {}, "You have exceeded a secondary rate limit", 60),
        (429, {}, "", 60),
        (403, left(4000, 4000), "Resource not accessible by integration", None),
        (404, {"retry-after": "45"}, "", None),
    ],
)
async def test_a_refusal_is_told_from_a_limit(
    budget: Budget, status: int, headers: dict[str, str], said: str, wait: float | None
) -> None:
    assert budget.told(status, headers, said) is (wait is not None)
    assert budget.wait() == (wait or 0)
    if wait and wait > 20:
        with pytest.raises(ForgeError):
            await budget.admit()


@pytest.mark.parametrize("value", ["", "many", "-1", "9" * 400, "٣"])
def test_headers_that_are_no_numbers_say_nothing(budget: Budget, value: str) -> None:
    budget.told(200, {**left(0, 4000), "x-ratelimit-limit": value})
    assert budget.wait() == 0
