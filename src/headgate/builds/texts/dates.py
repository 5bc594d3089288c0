"""Dates as they stand in comments, in the predecessor's form: ``Nov 20 23:58:08 UTC 2026``. Pure.

It writes them by ``%b %d %X %Z %Y``, which is so in the C locale only: names of months and the form of the time are
fixed here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE: Final = re.compile(r"([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) UTC ([0-9]{4})")


def date(time: float) -> str:
    """Return a time, in seconds since the epoch, as comments show it."""
    at = datetime.fromtimestamp(int(time), UTC)
    return f"{_MONTHS[at.month - 1]} {at.day:02} {at.hour:02}:{at.minute:02}:{at.second:02} UTC {at.year:04}"


def read_date(text: str) -> float | None:
    """Return the time that a comment shows, in seconds since the epoch; None if it shows none."""
    found = _DATE.fullmatch(text.strip())
    if not found or found[1] not in _MONTHS:
        return None
    month, numbers = _MONTHS.index(found[1]) + 1, [int(found[group]) for group in range(2, 7)]
    day, hour, minute, second, year = numbers
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None
