from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headgate.model.delivery import DeliveryState, Reason
from headgate.notify.connector import Delivered, Outcome, Scope, TryAgain
from headgate.notify.retries import MAX_DETAIL, RetryPolicy, settle
from headgate.store.claims import Bundle, Claimed

POLICY = RetryPolicy(attempts=3, first=10, longest=100, jitter=0.0)


def bundle(*attempts: int, created_at: float = 0.0) -> Bundle:
    return Bundle("ada", tuple(Claimed(number, f"k{number}", n, created_at, "{}") for number, n in enumerate(attempts)))


def after(outcome: Outcome, *attempts: int, now: float = 1000.0) -> list[tuple[DeliveryState, float]]:
    return [(item.state, item.not_before) for item in settle(outcome, bundle(*attempts), "mailto", POLICY, now)]


def test_waits_double_up_to_a_limit() -> None:
    assert [POLICY.wait(failed) for failed in (1, 2, 3, 4, 5, 60)] == [10, 20, 40, 80, 100, 100]


@given(st.integers(1, 200), st.floats(0, 0.9))
def test_a_wait_strays_no_further_than_the_jitter(failed: int, jitter: float) -> None:
    plain = RetryPolicy(jitter=0.0).wait(failed)
    assert plain * (1 - jitter) <= RetryPolicy(jitter=jitter).wait(failed) <= plain * (1 + jitter)


def test_who_asks_to_slow_down_is_asked_again_when_they_said() -> None:
    assert after(TryAgain(Reason.RATE_LIMITED, "", after=500.0), 0) == [(DeliveryState.READY, 1500.0)]
    assert after(TryAgain(Reason.RATE_LIMITED, "", after=1.0), 0) == [(DeliveryState.READY, 1001.0)]
    assert after(TryAgain(Reason.RATE_LIMITED, "", after=0.1), 0) == [(DeliveryState.READY, 1010.0)]


def test_retry_after_of_a_failure_is_honoured_when_it_is_longer_than_our_own_wait() -> None:
    assert after(TryAgain(Reason.SERVICE_ERROR, "", after=500.0), 0) == [(DeliveryState.READY, 1500.0)]
    assert after(TryAgain(Reason.SERVICE_ERROR, "", after=1.0), 0) == [(DeliveryState.READY, 1010.0)]


def test_the_last_attempt_kills() -> None:
    assert after(TryAgain(Reason.TIMEOUT, ""), 2)[0][0] is DeliveryState.DEAD


def test_a_service_that_is_down_uses_up_no_attempts() -> None:
    down = TryAgain(Reason.UNREACHABLE, "", scope=Scope.CONNECTOR)
    [settled] = settle(down, bundle(2), "mailto", POLICY, 1000.0)
    assert (settled.state, settled.counts, settled.holds) == (DeliveryState.READY, False, None)


def test_time_kills_too_even_while_the_service_is_down() -> None:
    down = TryAgain(Reason.UNREACHABLE, "", scope=Scope.CONNECTOR)
    [settled] = settle(down, bundle(0), "mailto", POLICY, POLICY.give_up_after + 1)
    assert (settled.state, settled.reason) == (DeliveryState.DEAD, Reason.EXPIRED)


def test_of_a_digest_only_those_die_that_have_no_attempts_left() -> None:
    settled = settle(TryAgain(Reason.TIMEOUT, ""), bundle(0, 2, 1), "mailto", POLICY, 10.0)
    assert {item.state: item.ids for item in settled} == {DeliveryState.DEAD: (1,), DeliveryState.READY: (0, 2)}


def test_a_delivered_digest_is_folded_deliveries() -> None:
    [settled] = settle(Delivered(), bundle(0, 0), "mailto", POLICY, 10.0)
    assert (settled.state, settled.folded_into) == (DeliveryState.FOLDED, bundle(0, 0).key)


def test_what_a_service_says_is_bounded() -> None:
    [settled] = settle(TryAgain(Reason.TIMEOUT, "x" * 10_000), bundle(2), "mailto", POLICY, 10.0)
    assert len(settled.detail) <= MAX_DETAIL
