"""Spans of time as people say them: ``2h``, ``90 min``, ``1d12h``."""

from __future__ import annotations

import re
from typing import Final

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_UNITS: Final = {
    **_SECONDS,
    **{word: _SECONDS[word[0]] for word in ("sec", "min", "mins", "hr", "hrs", "day", "days", "week", "weeks")},
    **{word: _SECONDS[word[0]] for word in ("second", "seconds", "minute", "minutes", "hour", "hours")},
}
_PART: Final = re.compile(r"(\d{1,6})\s*([a-z]{1,7})\s*", re.ASCII)


def read_span(text: str) -> float | None:
    """Read a span of time in seconds; None for what is none. A bare number has no unit, so it is none."""
    rest, total = text.strip().lower(), 0
    if not rest:
        return None
    while rest:
        part = _PART.match(rest)
        if part is None or part[2] not in _UNITS:
            return None
        total += int(part[1]) * _UNITS[part[2]]
        rest = rest[part.end() :]
    return float(total)
