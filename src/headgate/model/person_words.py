"""Preferences and subscriptions in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from headgate.model.durations import show_duration

_MINUTES: Final = 60


def preference_words(preferred: Mapping[str, Any]) -> list[str]:
    """Return preferences, one a line; nothing for what is as usual."""
    words = []
    if preferred.get("connector"):
        words.append(f"without a receiver, jobs are told to {preferred['connector']}")
    if preferred.get("quiet"):
        quiet = preferred["quiet"]
        words.append(f"quiet from {_clock(quiet['start'])} to {_clock(quiet['end'])}; held messages come as a digest")
    if preferred.get("digest_every"):
        words.append(f"a digest every {show_duration(preferred['digest_every'])}")
    if preferred.get("outcomes") is not None:
        words.append(f"only: {', '.join(sorted(preferred['outcomes'])) or 'nothing'}")
    until = preferred.get("muted_until")
    if until and until > datetime.now().astimezone().timestamp():
        words.append(f"muted until {datetime.fromtimestamp(until).astimezone():%Y-%m-%d %H:%M}")
    return words


def filter_words(chosen: Mapping[str, Any]) -> str:
    """Return of which jobs a subscription tells."""
    ends = []
    if chosen.get("failures"):
        ends.append("failures")
    if chosen.get("longer_than") is not None:
        ends.append(f"jobs that ran for {show_duration(chosen['longer_than'])} or longer")
    told = " and ".join(ends) or "every end"
    starts = " and every start" if chosen.get("starts") else ""
    partitions = f", in {', '.join(chosen['partitions'])}" if chosen.get("partitions") else ""
    return f"{told}{starts}{partitions}"


def _clock(minute: int) -> str:
    return f"{minute // _MINUTES:02}:{minute % _MINUTES:02}"
