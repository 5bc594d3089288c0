"""Rate limits, and how Discord tells of them: https://discord.com/developers/docs/topics/rate-limits.

Discord documents no numbers, so the ones here are a test's to choose. Time is given, never looked at.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict, deque
from dataclasses import dataclass, field

from headgate.testing.http.sink import Answer


@dataclass(slots=True)
class Bucket:
    """So many requests in so many seconds, for each place."""

    most: int
    seconds: float
    _asked: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def ask(self, place: str, now: float) -> float | None:
        """Count a request; return the seconds to wait if it is one too many, and then it is not counted."""
        asked = self._asked[place]
        while asked and asked[0] <= now - self.seconds:
            asked.popleft()
        if len(asked) < self.most:
            asked.append(now)
            return None
        return asked[0] + self.seconds - now


def too_many(wait: float, scope: str = "user") -> Answer:
    """Return the answer to a request too many. ``scope``: ``user``, ``shared`` (the channel's) or ``global``."""
    everywhere = scope == "global"
    body = {"message": "You are being rate limited.", "retry_after": round(wait, 3), "global": everywhere}
    headers = {
        "Content-Type": "application/json",
        "Retry-After": str(math.ceil(wait)),
        "X-RateLimit-Scope": scope,
        "X-RateLimit-Reset-After": f"{wait:.3f}",
        "Via": "1.1 google",
    }
    headers |= {"X-RateLimit-Global": "true"} if everywhere else {"X-RateLimit-Bucket": "abcd1234"}
    return Answer(429, headers, json.dumps(body).encode())


def banned(wait: int) -> Answer:
    """Return Cloudflare's answer to a host that sent too many invalid requests: no JSON, no ``Via``."""
    return Answer(429, {"Content-Type": "text/plain", "Retry-After": str(wait)}, b"error code: 1015")
