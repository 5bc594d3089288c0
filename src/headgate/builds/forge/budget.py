"""Keeping a forge's rate limits before they bite. Decides without I/O; only ``admit`` waits.

GitHub: "Rate limits for the REST API" (a number of requests an hour, told with every answer; 80 requests a minute that
make content) and "Best practices for using the REST API" (``Retry-After``; a second between requests that make
content). GitLab tells its limits in headers of the same kind.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from headgate.builds.forge.interface import ForgeError
from headgate.connectors.http import retry_after

_SHORT: Final = 20.0
"""Seconds that a call waits by itself; beyond, it fails and says when to come again."""
_BURST: Final = 20
"""Requests that make content, at once; afterwards one a second. In a minute that is 80, what GitHub allows."""
_SPARED: Final = 0.2
"""Part of the hour's requests that is kept for answering people, where a call could as well be made later."""
_KEPT: Final = 0.01
"""Part that nobody takes, since others may use the same limit."""
_SECONDARY: Final = 60.0
"""Seconds to be quiet for when a forge refuses for its own protection, and does not say for how long."""
_NUMBER: Final = re.compile(r"[0-9]{1,12}")
_REFUSALS: Final = frozenset({403, 429})


class Budget:
    """What one token's owner may still ask. ``clock``: seconds since the epoch."""

    def __init__(
        self, *, clock: Callable[[], float] = time.time, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._limit: int | None = None
        self._remaining = 0
        self._reset = 0.0
        self._quiet_until = 0.0
        self._made = 0.0
        """The time up to which requests that make content are spread, at one a second."""

    def wait(self, *, spare: bool = False) -> float:
        """Return the seconds until a request may be made; ``spare``: one that could be made later."""
        now = self._clock()
        until = self._quiet_until
        if self._limit is not None and self._remaining <= self._limit * (_SPARED if spare else _KEPT):
            until = max(until, self._reset)
        return max(until - now, 0.0)

    async def admit(self, *, makes: bool = False, spare: bool = False) -> None:
        """Wait until a request may be made. ``makes``: it makes content. Raises ForgeError if that takes long."""
        wait = self.wait(spare=spare)
        if wait > (0.0 if spare else _SHORT):
            raise ForgeError("the forge's rate limit is used up", retry_after=wait)
        if makes:
            now = self._clock()
            self._made = max(self._made, now - _BURST) + 1.0
            wait = max(wait, self._made - now)
        if wait > 0:
            await self._sleep(wait)
        self._remaining -= 1

    def told(self, status: int, headers: Mapping[str, str], said: str = "") -> bool:
        """Take from an answer what is left; say whether it was refused for a limit. ``headers``: small letters."""
        now = self._clock()
        self._note(headers)
        if status not in _REFUSALS:
            return False
        wait = retry_after(headers.get("retry-after"), now)
        if wait is None and _number(headers, "remaining") == 0:
            wait = max(self._reset - now, 1.0)
        elif wait is None and (status == 429 or "rate limit" in said.lower()):  # noqa: PLR2004
            wait = _SECONDARY
        if wait is None:
            return False
        self._quiet_until = max(self._quiet_until, now + wait)
        return True

    def _note(self, headers: Mapping[str, str]) -> None:
        limit, remaining, reset = (_number(headers, name) for name in ("limit", "remaining", "reset"))
        if limit is None or remaining is None or reset is None:
            return
        # Answers may come out of order: within one hour, what is left only gets less.
        self._remaining = min(self._remaining, remaining) if reset <= self._reset else remaining
        self._limit, self._reset = limit, max(self._reset, float(reset))


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"x-ratelimit-{name}", headers.get(f"ratelimit-{name}", ""))
    return int(text) if _NUMBER.fullmatch(text) else None
