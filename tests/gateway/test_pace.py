"""Apps keep to their rate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headgate.gateway.pace import Pace
from headgate.gateway.refusals import TooManyError
from headgate.model.app import AppRules
from tests.gateway.made import APP


def test_a_burst_goes_through_and_then_the_rate_counts() -> None:
    now = [0.0]
    pace, app = Pace(clock=lambda: now[0]), replace(APP, rules=AppRules(rate=2.0, burst=3))
    for _ in range(3):
        pace.take(app)
    with pytest.raises(TooManyError) as refused:
        pace.take(app)
    assert refused.value.after == 0.5
    now[0] = 0.5
    pace.take(app)
    with pytest.raises(TooManyError):
        pace.take(app)


def test_one_app_does_not_slow_another() -> None:
    pace = Pace(clock=lambda: 0.0)
    one, other = replace(APP, rules=AppRules(burst=1)), replace(APP, id="other", rules=AppRules(burst=1))
    pace.take(one)
    pace.take(other)
