"""Late is not lost: the suite waits while it gets less, and no longer."""

from __future__ import annotations

from faults.patience import Patience


def test_it_is_over_when_nothing_got_less_for_so_long() -> None:
    now = [100.0]
    patience = Patience(10.0, lambda: now[0])
    told = []
    for at, missing in ((105, 9), (114, 8), (123, 8), (124, 7), (133, 9), (134, 7), (135, 7), (136, 6), (147, 6)):
        now[0] = float(at)
        told.append(patience.over(missing))
    assert told == [False, False, False, False, False, False, True, False, True]
