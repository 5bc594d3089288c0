"""Who was told to slow down keeps that pace, and nobody else does."""

from __future__ import annotations

from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Scope, TryAgain
from headgate.notify.pace import Pace

SLOW = TryAgain(Reason.RATE_LIMITED, "slow down", after=2.0)


def test_without_being_told_everything_may_go_at_once() -> None:
    pace = Pace()
    assert [pace.enter("a", 100.0) for _ in range(50)] == [None] * 50


def test_a_target_that_asked_for_it_gets_one_message_in_that_time() -> None:
    pace = Pace()
    pace.learn("a", SLOW, 100.0)
    assert pace.enter("a", 101.0) == 102.0
    assert pace.enter("a", 102.0) is None
    assert pace.enter("a", 102.0) == 104.0
    assert pace.enter("b", 102.0) is None


def test_a_service_that_asked_for_it_gets_one_message_in_that_time_to_anybody() -> None:
    pace = Pace()
    pace.learn("a", TryAgain(Reason.RATE_LIMITED, "slow", after=2.0, scope=Scope.CONNECTOR), 100.0)
    assert pace.enter("b", 102.0) is None
    assert pace.enter("c", 102.0) == 104.0


def test_a_pace_is_forgotten_when_it_was_not_asked_for_again() -> None:
    pace = Pace()
    pace.learn("a", SLOW, 100.0)
    assert pace.enter("a", 160.0) is None
    assert pace.enter("a", 160.0) is None


def test_other_failures_set_no_pace() -> None:
    pace = Pace()
    for outcome in (Delivered(), TryAgain(Reason.TIMEOUT, "t", after=5.0), TryAgain(Reason.RATE_LIMITED, "no time")):
        pace.learn("a", outcome, 100.0)
    assert pace.enter("a", 100.0) is None
    assert pace.enter("a", 100.0) is None


def test_a_long_wait_is_kept_once_and_then_a_bearable_pace() -> None:
    pace = Pace()
    pace.learn("a", TryAgain(Reason.RATE_LIMITED, "an hour", after=3600.0), 100.0)
    assert pace.enter("a", 110.0) == 3700.0
