"""What may go wrong at a fake GitHub, and the limits it holds its users to."""

from __future__ import annotations

import fnmatch
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LIMIT: Final = 5000
"""Requests an installation has in an hour: "Rate limits for the REST API", GitHub's documentation."""
_HOUR: Final = 3600
CONTENT: Final = 80
"""Requests that make content, in a minute: the same, "About secondary rate limits"."""
_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Trouble:
    """What becomes of requests in place of their being answered.

    ``path``: which (a pattern of the shell's, below the API's root); ``times``: how many of them, 0 for all.
    ``late``: they are done, and only their answers are lost.
    """

    status: int = 502
    path: str = "*"
    method: str = "*"
    times: int = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    hang_up: bool = False
    late: bool = False


class Troubles:
    """The troubles that are set, in their order."""

    def __init__(self) -> None:
        self._set: list[tuple[Trouble, int]] = []

    def set(self, trouble: Trouble) -> None:
        """Add one."""
        self._set.append((trouble, trouble.times))

    def clear(self) -> None:
        """Have everything go well again."""
        self._set.clear()

    def next(self, method: str, path: str) -> Trouble | None:
        """Return what becomes of a request, if anything does."""
        for place, (trouble, left) in enumerate(self._set):
            if fnmatch.fnmatchcase(path, trouble.path) and fnmatch.fnmatchcase(method, trouble.method):
                if left == 1:
                    del self._set[place]
                elif left > 1:
                    self._set[place] = (trouble, left - 1)
                return trouble
        return None


class Limits:
    """The limits of one token's owner. ``clock``: seconds since the epoch."""

    def __init__(self, clock: Callable[[], float], limit: int = LIMIT, content: int = CONTENT) -> None:
        self._clock = clock
        self.limit = limit
        self.content = content
        self.used = 0
        self._reset = clock() + _HOUR
        self._made: deque[float] = deque()

    def take(self) -> bool:
        """Count a request; say whether it is within the limit."""
        if self._clock() >= self._reset:
            self.used, self._reset = 0, self._clock() + _HOUR
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    def give_back(self) -> None:
        """Count a request that was answered 304 as none."""
        self.used -= 1

    def make(self) -> bool:
        """Count a request that makes content; say whether it is within the limit."""
        now = self._clock()
        while self._made and self._made[0] <= now - _MINUTE:
            self._made.popleft()
        if len(self._made) >= self.content:
            return False
        self._made.append(now)
        return True

    def headers(self) -> dict[str, str]:
        """Return what every answer says of it."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.limit - self.used),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Reset": str(int(self._reset)),
            "X-RateLimit-Resource": "core",
        }
