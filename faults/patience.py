"""How long the suite waits for what is missing: as long as it gets less."""

from __future__ import annotations

import time
from collections.abc import Callable


class Patience:
    """Is over when, for so many seconds, what is missing did not get less: on a busy machine a lot may be late."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._fewest: int | None = None
        self._since = clock()

    def over(self, missing: int) -> bool:
        """Say whether it is over, given how much is missing now."""
        now = self._clock()
        if self._fewest is None or missing < self._fewest:
            self._fewest, self._since = missing, now
        return now - self._since > self._seconds
