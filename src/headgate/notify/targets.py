"""Which targets are being sent to: one that hangs must not take every sender of its connector."""

from __future__ import annotations

import time
from collections import deque

from headgate.store.claims import Bundle

_MANY = 1000
"""Held targets from which on those whose time is over are forgotten."""


class Targets:
    """Which targets are being sent to: each by half of ``concurrency`` senders at the most, or by one at a time."""

    def __init__(self, concurrency: int) -> None:
        self._each = max(1, concurrency // 2)
        self._busy: dict[str, int] = {}
        self._waiting: dict[str, deque[Bundle]] = {}
        self._held: dict[str, float] = {}

    def enter(self, bundle: Bundle) -> bool:
        """Begin to send, or put the message behind the others of its target."""
        if self._busy.get(bundle.target, 0) >= self._each:
            self._waiting.setdefault(bundle.target, deque()).append(bundle)
            return False
        self._busy[bundle.target] = self._busy.get(bundle.target, 0) + 1
        return True

    def leave(self, target: str) -> Bundle | None:
        """End one sending; return the target's next message, for which sending has begun then."""
        waiting = self._waiting.get(target)
        if waiting:
            return waiting.popleft()
        self._waiting.pop(target, None)
        self._busy[target] -= 1
        if not self._busy[target]:
            del self._busy[target]
        return None

    def take_waiting(self) -> list[Bundle]:
        """Take out every message that waits for others of its target."""
        taken = [bundle for waiting in self._waiting.values() for bundle in waiting]
        self._waiting.clear()
        return taken

    def hold(self, target: str, until: float) -> None:
        """Send nothing to a target for a while."""
        if len(self._held) >= _MANY:
            now = time.time()
            self._held = {name: moment for name, moment in self._held.items() if moment > now}
        self._held[target] = until

    def held_until(self, target: str, now: float) -> float | None:
        """Return until when a target is held, if it is."""
        until = self._held.get(target)
        if until is not None and until <= now:
            del self._held[target]
            return None
        return until
