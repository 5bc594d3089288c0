from __future__ import annotations

from datetime import UTC, datetime

import pytest

from headgate.model.message import Outcome
from headgate.model.person import Preferences, QuietHours, SubscriptionFilter

NIGHT = QuietHours(start=22 * 60, end=7 * 60)
LUNCH = QuietHours(start=12 * 60, end=13 * 60)


def at(hour: int, minute: int = 0, day: int = 10) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "over"),
    [
        (NIGHT, at(21, 59), None),
        (NIGHT, at(22), at(7, day=11)),
        (NIGHT, at(23, 30), at(7, day=11)),
        (NIGHT, at(3), at(7)),
        (NIGHT, at(7), None),
        (LUNCH, at(12, 30), at(13)),
        (LUNCH, at(13), None),
        (LUNCH, at(11, 59), None),
    ],
    ids=str,
)
def test_quiet_hours_say_when_they_are_over(quiet: QuietHours, now: datetime, over: datetime | None) -> None:
    assert quiet.over_at(now) == over


def test_what_is_told_in_quiet_hours_is_held_to_their_end() -> None:
    assert Preferences(quiet=NIGHT).held_until(at(23).timestamp(), UTC) == at(7, day=11).timestamp()
    assert Preferences(quiet=NIGHT).held_until(at(12).timestamp(), UTC) is None


def test_a_mute_holds_until_it_ends() -> None:
    assert Preferences(muted_until=100.0).held_until(40.0, UTC) == 100.0
    assert Preferences(muted_until=100.0).held_until(100.0, UTC) is None


def test_a_digest_period_holds_until_its_next_multiple() -> None:
    assert Preferences(digest_every=3600).held_until(at(9, 20).timestamp(), UTC) == at(10).timestamp()


def test_a_digest_that_would_come_in_quiet_hours_waits_for_their_end() -> None:
    own = Preferences(digest_every=3600, quiet=LUNCH)
    assert own.held_until(at(11, 20).timestamp(), UTC) == at(13).timestamp()


def test_nobody_is_kept_from_a_digest_by_the_outcomes_they_chose() -> None:
    own = Preferences(outcomes=frozenset({Outcome.FAILED}))
    assert own.wants(Outcome.FAILED)
    assert own.wants(Outcome.NEUTRAL)
    assert not own.wants(Outcome.SUCCEEDED)


@pytest.mark.parametrize(
    ("wanted", "failed", "elapsed", "told"),
    [
        (SubscriptionFilter(), False, None, True),
        (SubscriptionFilter(failures=True), True, None, True),
        (SubscriptionFilter(failures=True), False, None, False),
        (SubscriptionFilter(failures=True, longer_than=3600), False, None, None),
        (SubscriptionFilter(failures=True, longer_than=3600), True, None, True),
        (SubscriptionFilter(failures=True, longer_than=3600), False, 3600, True),
        (SubscriptionFilter(failures=True, longer_than=3600), False, 3599, False),
        (SubscriptionFilter(longer_than=60), True, 5, False),
    ],
    ids=str,
)
def test_a_subscription_says_which_ends_it_tells_of(
    wanted: SubscriptionFilter, failed: bool, elapsed: float | None, told: bool | None
) -> None:
    assert wanted.wants_end(failed=failed, elapsed=elapsed) is told
