"""Leaving a service alone for a while when none of its targets can be reached."""

from __future__ import annotations

import structlog

from headgate.notify import metrics
from headgate.notify.connector import Outcome, Scope, TryAgain

_log = structlog.get_logger(__name__)


class Breaker:
    """Stops a connector for a while when its whole service cannot be used, then lets one message try."""

    def __init__(self, connector: str, first: float, longest: float) -> None:
        self._connector = connector
        self._first = first
        self._longest = longest
        self._failed = 0
        self._until = 0.0
        metrics.PAUSED.labels(connector).set(0)

    @property
    def probing(self) -> bool:
        """Whether only one message should try."""
        return self._failed > 0

    def closed_for(self, now: float) -> float:
        """Return how many seconds nothing should be sent."""
        return max(0.0, self._until - now)

    def report(self, outcome: Outcome, now: float) -> None:
        """Learn from an outcome."""
        if not isinstance(outcome, TryAgain) or outcome.scope is not Scope.CONNECTOR:
            if self._failed:
                _log.info("connector.resumed", connector=self._connector)
                metrics.PAUSED.labels(self._connector).set(0)
            self._failed, self._until = 0, 0.0
        elif now >= self._until:
            pause = max(outcome.after or 0.0, min(self._longest, self._first * 2.0 ** min(self._failed, 30)))
            self._failed += 1
            self._until = now + pause
            metrics.PAUSED.labels(self._connector).set(1)
            _log.warning(
                "connector.paused",
                connector=self._connector,
                seconds=round(pause, 1),
                reason=outcome.reason.value,
                detail=outcome.detail,
            )
