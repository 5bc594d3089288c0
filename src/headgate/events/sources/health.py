"""How well Slurm answers a watcher, and how long that one therefore waits before it asks again."""

from __future__ import annotations

import time
from typing import Final

import structlog

_log = structlog.get_logger(__name__)
_TELL_AGAIN: Final = 300.0
"""Seconds after which a failure that lasts is told again."""
_LONGEST: Final = 300.0


class Health:
    """Of one watcher, whose name its log lines begin with. Times in seconds."""

    def __init__(self, name: str, interval: float, slow_after: float) -> None:
        """``slow_after``: an answer that takes longer makes the watcher ask less often."""
        self._name = name
        self._interval = interval
        self._slow_after = slow_after
        self._failures = 0
        self._told = ""
        self._told_at = 0.0
        self.seconds = 0.0
        """How long the last answer took."""

    def pause(self) -> float:
        """Return how long to wait before the next look."""
        if self._failures:
            return float(min(_LONGEST, self._interval * 2.0 ** min(self._failures - 1, 10)))
        if self.seconds > self._slow_after:
            return max(self._interval, self.seconds * 10)
        return self._interval

    def at_least(self, min_interval: float) -> float:
        """Return the seconds between two looks at least; a Slurm that has trouble is not hurried by anybody."""
        return self._interval if self._failures or self.seconds > self._slow_after else min_interval

    def failed(self, message: str) -> None:
        """Note, and tell, that Slurm did not answer."""
        self._failures += 1
        now = time.monotonic()
        if message != self._told or now - self._told_at > _TELL_AGAIN:
            _log.warning(f"{self._name}.failed", error=message, next_try_seconds=round(self.pause()))
            self._told, self._told_at = message, now

    def answered(self) -> None:
        """Note that Slurm answered, and tell if it did not before, or if it was slow."""
        if self._failures:
            _log.info(f"{self._name}.answered_again", after_failures=self._failures)
        self._failures, self._told = 0, ""
        if self.seconds > self._slow_after:
            _log.warning(f"{self._name}.slow", seconds=round(self.seconds, 1), next_look_seconds=round(self.pause()))
