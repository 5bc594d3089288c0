"""From Slurm's texts to the types that PySlurm gives: numbers, seconds, lists, None."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from headgate.model.change import Value
from headgate.model.durations import read_duration
from headgate.model.exitcode import read_exit_pair, read_wait_status

_NONE: Final = frozenset({"", "(null)", "N/A", "n/a", "None", "none", "Unknown", "NONE", "*"})
_MINUTE: Final = 60


def text(found: str) -> Value:
    """Return a text; None where Slurm says that there is none."""
    return None if found in _NONE else found


def number(found: str) -> Value:
    """Return a whole number; None where there is none."""
    return int(found) if re.fullmatch(r"-?\d{1,20}", found, re.ASCII) else None


def real(found: str) -> Value:
    """Return a number with a point; None where there is none."""
    return float(found) if re.fullmatch(r"-?\d{1,20}(\.\d{1,20})?", found, re.ASCII) else None


def truth(found: str) -> Value:
    """Return whether it is 1 or yes."""
    return found.lower() in ("1", "yes", "true")


def epoch(found: str) -> Value:
    """Return seconds since the epoch; 0 where there is no time, as in Slurm's structures."""
    return number(found) or 0


def local_time(found: str) -> Value:
    """Return a time as Slurm writes it, in the time zone of this host; None where there is none."""
    seconds = number(found)
    if not isinstance(seconds, int) or seconds <= 0:
        return None
    return dt.datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%dT%H:%M:%S")


def items(found: str) -> Value:
    """Return a list, split at commas; an empty one where there is none."""
    return [] if found in _NONE else [item for item in found.strip().split(",") if item]


def seconds(found: str) -> Value:
    """Return a duration in seconds; 0 where there is none."""
    read = read_duration(found)
    return 0 if read is None else int(read)


def minutes(found: str) -> Value:
    """Return a duration in minutes; ``UNLIMITED`` and ``Partition_Limit`` stay as they are."""
    read = read_duration(found)
    return text(found) if read is None else int(read) // _MINUTE


def exit_pair(found: str) -> Value:
    """Return ``code:signal`` of a wait status, or of a text that is one already."""
    read = read_exit_pair(found) if ":" in found else read_wait_status(found)
    return None if read is None else f"{read.code}:{read.signal}"


def megabytes(found: str) -> Value:
    """Return a size in whole MB: ``100M``, ``2G``; None where there is none."""
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)([KMGTP]?)[cn]?", found, re.ASCII)
    if match is None:
        return None
    return int(float(match[1]) * 1024.0 ** ("KMGTP".index(match[2] or "M") - 1))
