"""Durations: as Slurm writes them, and as people like to read them."""

from __future__ import annotations

import re
from typing import Final

_CLOCK: Final = re.compile(
    r"(?:(?P<days>\d{1,7})-)?(?:(?P<hours>\d{1,9}):)?(?P<minutes>\d{1,9}):(?P<seconds>\d{1,9})(?:\.(?P<part>\d{1,9}))?",
    re.ASCII,
)
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400


def read_duration(text: str) -> float | None:
    """Read ``[D-][HH:]MM:SS[.f]`` as squeue, sacct and scontrol print it, in seconds.

    None for everything else, among it the words ``UNLIMITED``, ``Partition_Limit``, ``NOT_SET``, ``INVALID``.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None or (match["days"] is not None and match["hours"] is None):
        return None
    whole = (
        int(match["days"] or 0) * _DAY
        + int(match["hours"] or 0) * _HOUR
        + int(match["minutes"]) * _MINUTE
        + int(match["seconds"])
    )
    return float(f"{whole}.{match['part'] or 0}")


def slurm_duration(seconds: float) -> str:
    """Write seconds the way Slurm does: ``[D-]HH:MM:SS``, parts of a second cut off."""
    whole = int(seconds)
    days, rest = divmod(whole, _DAY)
    hours, rest = divmod(rest, _HOUR)
    clock = f"{hours:02}:{rest // _MINUTE:02}:{rest % _MINUTE:02}"
    return f"{days}-{clock}" if days else clock


def show_duration(seconds: float) -> str:
    """Write seconds for people, in its two largest units: ``2 d 3 h``, ``1 h 2 min``, ``5 s``, ``0.4 s``."""
    if 0 < seconds < 1:
        return f"{max(seconds, 0.1):.1f} s".replace("1.0", "1")
    whole = round(seconds)
    units = (("d", _DAY), ("h", _HOUR), ("min", _MINUTE), ("s", 1))
    for position, (name, size) in enumerate(units):
        count, rest = divmod(whole, size)
        if count or size == 1:
            shown = [f"{count} {name}"]
            if size > 1:
                next_name, next_size = units[position + 1]
                if smaller := rest // next_size:
                    shown.append(f"{smaller} {next_name}")
            return " ".join(shown)
    raise AssertionError  # the last unit always answers
