from __future__ import annotations

from headgate.bots.rates import _MOST, Allowance, Rates


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_so_many_are_answered_then_one_is_told_then_there_is_silence() -> None:
    rates = Rates(3, clock=Clock())
    said = [rates.ask("ada") for _ in range(6)]
    assert said == [Allowance.GO] * 3 + [Allowance.SAY_SO] + [Allowance.SILENCE] * 2


def test_nobody_pays_for_anybody_else() -> None:
    rates = Rates(1, clock=Clock())
    assert rates.ask("ada") is Allowance.GO
    assert rates.ask("ben") is Allowance.GO


def test_who_goes_on_asking_is_answered_slowly_and_not_told_again() -> None:
    clock = Clock()
    rates = Rates(20, clock=clock)
    said = []
    for _ in range(600):
        said.append(rates.ask("ada"))
        clock.now += 0.5
    assert said.count(Allowance.SAY_SO) == 1
    assert 115 <= said.count(Allowance.GO) <= 121


def test_who_rests_may_ask_again() -> None:
    clock = Clock()
    rates = Rates(2, clock=clock)
    for _ in range(4):
        rates.ask("ada")
    clock.now += 60
    assert [rates.ask("ada") for _ in range(3)] == [Allowance.GO, Allowance.GO, Allowance.SAY_SO]


def test_memory_is_bounded_and_the_one_who_asked_last_is_remembered() -> None:
    rates = Rates(1, clock=Clock())
    for number in range(_MOST * 2):
        rates.ask(number)
        rates.ask("ada")
    assert len(rates._buckets) == _MOST
    assert rates.ask("ada") is Allowance.SILENCE
