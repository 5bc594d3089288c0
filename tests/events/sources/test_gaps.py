"""What may have been missed is asked for, from the right time on, and not for ever."""

from __future__ import annotations

import itertools

import pytest

from headgate.events.sources.gaps import Gaps


def gaps(seen: float | None = 1000.0) -> Gaps:
    made = Gaps(10.0)
    made.begin(seen)
    return made


@pytest.mark.parametrize(
    ("seen", "now", "since"), [(1000.0, 1020.0, None), (1000.0, 1021.0, 1000.0), (None, 1.0, None)]
)
def test_a_gap_is_more_than_two_intervals(seen: float | None, now: float, since: float | None) -> None:
    own = gaps(seen)
    own.look(now)
    assert own.since == since


def test_a_slurmctld_that_was_started_anew_opens_a_gap_since_it_was_last_sure() -> None:
    own = gaps()
    own.checked(1010.0, 500.0)
    assert (own.since, own.to_check(1069.0), own.to_check(1070.0)) == (None, False, True)
    own.checked(1070.0, 500.0)
    assert own.since is None
    own.checked(1130.0, 1100.0)
    assert own.since == 1070.0


@pytest.mark.parametrize(("started", "since"), [(990.0, 1000.0), (1001.0, 1000.0), (500.0, None)])
def test_one_that_was_started_shortly_before_we_were_may_have_been_so_unseen(
    started: float, since: float | None
) -> None:
    own = gaps()
    own.checked(1010.0, started)
    assert own.since == since


def test_nothing_was_missed_by_who_never_looked() -> None:
    own = gaps(None)
    own.checked(1010.0, 1005.0)
    assert own.since is None
    own.checked(1070.0, 1065.0)
    assert own.since == 1010.0


def test_where_nobody_says_when_slurmctld_was_started_accounting_is_asked_every_hour() -> None:
    own = gaps()
    own.checked(1060.0, None)
    assert own.since is None
    own.checked(4600.0, None)
    assert own.since == 1000.0
    own.answered(4601.0, 0)
    own.checked(4660.0, None)
    assert own.since is None
    own.checked(8200.0, None)
    assert own.since == 4600.0


def test_what_did_not_answer_is_checked_at_once() -> None:
    own = gaps()
    own.checked(1010.0, 500.0)
    own.unanswered()
    assert own.to_check(1011.0)


def test_a_gap_stays_open_while_there_is_more_to_come_but_no_longer_than_an_hour() -> None:
    own = gaps()
    own.look(1100.0)
    asked = []
    for now in range(1100, 6000):
        if own.due(now):
            asked.append(now)
            own.answered(now, 3)
    assert asked[:5] == [1100, 1110, 1120, 1140, 1180]
    assert max(later - sooner for sooner, later in itertools.pairwise(asked)) == 300
    assert 3600 < asked[-1] - asked[0] <= 3900
    assert own.since is None


def test_an_earlier_gap_is_not_forgotten_over_a_later_one() -> None:
    own = gaps()
    own.look(1100.0)
    own.seen(1100.0)
    own.postpone(1110.0)
    own.look(1200.0)
    assert (own.since, own.due(1200.0)) == (1000.0, True)
    own.answered(1200.0, 0)
    assert own.since is None
