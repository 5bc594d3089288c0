"""Who guesses tokens has to wait."""

from __future__ import annotations

import pytest

from headgate.gateway.lockout import Lockout
from headgate.gateway.refusals import TooManyError


def test_after_so_many_wrong_tokens_an_address_waits_and_others_do_not() -> None:
    now = [100.0]
    lockout = Lockout(3, 60.0, clock=lambda: now[0])
    for _ in range(3):
        lockout.check("10.0.0.1")
        lockout.wrong("10.0.0.1")
    with pytest.raises(TooManyError) as refused:
        lockout.check("10.0.0.1")
    assert refused.value.after == 60.0
    lockout.check("10.0.0.2")
    now[0] = 160.0
    lockout.check("10.0.0.1")
    lockout.wrong("10.0.0.1")
    lockout.check("10.0.0.1")
