"""How often an app may ask: a bucket of tokens for each."""

from __future__ import annotations

import time
from collections.abc import Callable

from headgate.gateway.refusals import TooManyError
from headgate.model.app import App


class Pace:
    """Keeps apps to the rate their rules give them."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, app: App) -> None:
        """Count one request. Raises TooManyError, with when it is worth trying again."""
        now, rules = self._clock(), app.rules
        tokens, at = self._buckets.get(app.id, (float(rules.burst), now))
        tokens = min(float(rules.burst), tokens + (now - at) * rules.rate)
        if tokens < 1:
            self._buckets[app.id] = (tokens, now)
            raise TooManyError(f"this app may ask {rules.rate:g} times a second", after=(1 - tokens) / rules.rate)
        self._buckets[app.id] = (tokens - 1, now)
