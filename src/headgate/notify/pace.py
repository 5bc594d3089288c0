"""Keeping the pace a service has asked for: who was told to slow down is not run into again and again."""

from __future__ import annotations

from headgate.model.delivery import Reason
from headgate.notify.connector import Outcome, Scope, TryAgain

_REMEMBERED = 60.0
"""Seconds for which a pace is kept after the service last asked for it."""
_SLOWEST = 60.0
"""Seconds between two messages at most; a longer wait is a pause, not a pace."""


class Pace:
    """The pace of one connector and of each of its targets, as learnt from ``Retry-After``. Times in seconds."""

    def __init__(self) -> None:
        self._every: dict[str, tuple[float, float]] = {}
        self._next: dict[str, float] = {}

    def learn(self, target: str, outcome: Outcome, now: float) -> None:
        """Learn from how a message fared."""
        if isinstance(outcome, TryAgain) and outcome.reason is Reason.RATE_LIMITED and outcome.after:
            whose = "" if outcome.scope is Scope.CONNECTOR else target
            every = min(outcome.after, _SLOWEST)
            self._every[whose] = (every, now + max(_REMEMBERED, 2 * every))
            self._next[whose] = now + outcome.after

    def enter(self, target: str, now: float) -> float | None:
        """Take the turn of a message to a target; or return when its turn will be."""
        self._forget(now)
        paced = [whose for whose in ("", target) if whose in self._every]
        turn = max((self._next[whose] for whose in paced), default=now)
        if turn > now:
            return turn
        for whose in paced:
            self._next[whose] = now + self._every[whose][0]
        return None

    def _forget(self, now: float) -> None:
        for whose in [whose for whose, (_, until) in self._every.items() if until <= now]:
            del self._every[whose], self._next[whose]
