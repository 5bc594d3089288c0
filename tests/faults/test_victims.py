"""Kills hit what works: whoever ended by itself meanwhile is started again, as systemd would."""

from __future__ import annotations

import random

import pytest

from faults import victims
from faults.victims import Victim, strike


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(victims, "_PAUSE", (0.0, 0.0))


def test_what_ended_by_itself_is_started_while_a_kill_waits_for_it() -> None:
    starts: list[str] = []
    # The first draw of seed 1 is a kill at work, that of seed 2 is not.
    victim = Victim("v", lambda: len(starts) > 2, lambda: starts.append("revived"), works=lambda: len(starts) > 2)
    assert strike(victim, random.Random(1), lambda: starts.append("kept up"))
    assert starts == ["kept up", "kept up", "kept up", "revived"]


def test_a_kill_that_waits_for_nobody_finds_what_ended_by_itself_started_again() -> None:
    starts: list[str] = []
    victim = Victim("v", lambda: bool(starts), lambda: starts.append("revived"), works=lambda: False)
    assert strike(victim, random.Random(2), lambda: starts.append("kept up"))
    assert starts == ["kept up", "revived"]
