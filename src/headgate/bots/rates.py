"""How often somebody may ask: a bucket of tokens for each, in bounded memory."""

from __future__ import annotations

import enum
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

_MOST = 10_000
"""People remembered; who asked longest ago is forgotten first, and had a full bucket again by then or soon."""


class Allowance(enum.Enum):
    """What to do with what somebody asks."""

    GO = enum.auto()
    """Answer it."""
    SAY_SO = enum.auto()
    """Do not, but say why: it is the first time."""
    SILENCE = enum.auto()
    """Do not, and say nothing."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float
    told: bool = False


class Rates:
    """Counts what each asker asks. ``most``: how much at once, and how much within ``period`` seconds."""

    def __init__(self, most: int, period: float = 60.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(most)
        self._period = period
        self._clock = clock
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def ask(self, who: Hashable) -> Allowance:
        """Count one, and say whether it is still within bounds."""
        now = self._clock()
        bucket = self._buckets.pop(who, None) or _Bucket(self._most, now)
        bucket.tokens = min(self._most, bucket.tokens + (now - bucket.at) * self._most / self._period)
        bucket.at = now
        self._buckets[who] = bucket
        if len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)
        if bucket.tokens >= self._most / 2:
            bucket.told = False
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return Allowance.GO
        if bucket.told:
            return Allowance.SILENCE
        bucket.told = True
        return Allowance.SAY_SO
