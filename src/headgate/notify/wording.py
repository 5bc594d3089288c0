"""The small words of messages: times, spans, sizes, shares, nodes, signals, resources.

Each returns None where there is nothing to say, so that what is unknown is left out and never shown as zero.
"""

from __future__ import annotations

import math
import signal
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Final

from headgate.model.durations import show_duration
from headgate.model.hostlist import count_hosts, fold_hosts, hostlist_text
from headgate.model.sizes import show_size
from headgate.model.text import one_line

NAME_LIMIT: Final = 60
"""Characters of a job's name in a title."""
VALUE_LIMIT: Final = 300
"""Characters of one fact."""
_LONGEST: Final = 10**11
"""Seconds beyond which a duration is a mistake (three thousand years)."""
_LARGEST: Final = 2**70
"""Bytes beyond which a size is a mistake (a zebibyte)."""
_HOSTS_READ: Final = 20_000
"""Characters of a hostlist that are worth reading for one line."""


def known_seconds(seconds: float | None) -> float | None:
    """Return seconds that can be true: finite, not negative, not thousands of years; None for others."""
    return float(seconds) if seconds is not None and 0 <= seconds <= _LONGEST else None


def moment(seconds: float | None, zone: tzinfo | None) -> str | None:
    """Return a point in time with its zone, ``2026-11-21 03:05:07 CET``; ``zone`` None means the host's."""
    if known_seconds(seconds) is None or not seconds:
        return None
    try:
        when = datetime.fromtimestamp(seconds, zone)
        local = when if zone else when.astimezone()
        return local.strftime("%Y-%m-%d %H:%M:%S %Z")
    except (OverflowError, OSError, ValueError):
        return None


def span(seconds: float | None) -> str | None:
    """Return a duration, ``1 h 2 min``."""
    known = known_seconds(seconds)
    return None if known is None else show_duration(known)


def size(amount: int | None) -> str | None:
    """Return a size in bytes, ``3.2 GiB``."""
    return None if amount is None or not 0 <= amount <= _LARGEST else show_size(amount)


def share(used: float | None, given: float | None) -> float | None:
    """Return used divided by given, if both are known and there was something to use."""
    if used is None or given is None or used < 0 or given <= 0:
        return None
    try:
        result = used / given
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def percent(fraction: float) -> str:
    """Return a share in percent without the sign: ``82``, ``0.4``; never a bare zero for something."""
    hundred = fraction * 100
    if 0 < hundred < 1:
        return f"{max(hundred, 0.1):.1f}".replace("1.0", "1")
    return f"{min(hundred, 10**6):.0f}"


def count(number: int, thing: str) -> str:
    """Return ``1 task``, ``2 tasks``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def nodes_text(hostlist: str, nodes: int | None, limit: int = VALUE_LIMIT) -> str | None:
    """Return how many nodes and which: ``2 (n[01-02])``; for a single one just its name."""
    plain = hostlist_text(hostlist)
    number = nodes
    if plain and len(plain) <= _HOSTS_READ:
        number = nodes or count_hosts(plain)
        plain = fold_hosts(plain) or plain
    shown = one_line(plain, limit)
    if not shown:
        return None
    if number is None or number <= 0:
        return shown
    return shown if number == 1 else f"{number} ({shown})"


def signal_name(number: int) -> str | None:
    """Return ``SIGKILL`` for 9; None for a number without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return None


def signal_text(number: int | None) -> str | None:
    """Return ``9 (SIGKILL)``; None for no signal."""
    if not number:
        return None
    name = signal_name(number)
    return f"{number} ({name})" if name else str(number)


def exit_text(code: int | None, number: int | None) -> str:
    """Return how a failed job ended, for a title: ``exit code 2``, ``SIGKILL`` or both; empty if neither says much."""
    words = [f"exit code {code}"] if code else []
    if number:
        words.append(signal_name(number) or f"signal {number}")
    return ", ".join(words)


def resource_label(name: str) -> str:
    """Return what a user calls a trackable resource: ``gres/gpu:a100`` is ``GPUs a100``."""
    kind, _, rest = one_line(name, NAME_LIMIT).partition("/")
    if kind == "gres":
        what, _, model = rest.partition(":")
        what = "GPUs" if what == "gpu" else what
        return f"{what} {model}" if model else what or "gres"
    if kind == "license":
        return f"Licences {rest}"
    if kind == "bb":
        return f"Burst buffer {rest}"
    return f"{kind}/{rest}" if rest else kind or "Resource"


def resource_amount(name: str, amount: int) -> str | None:
    """Return how much of a trackable resource: a size for storage and ``gres/gpumem``, else a number."""
    if name.startswith(("bb/", "fs/")) or name.partition(":")[0].endswith("mem"):
        return size(amount)
    return str(amount) if 0 <= amount <= _LARGEST else None


def folded(numbers: Iterable[int], limit: int) -> str:
    """Return numbers as ranges, ``3,7-9``; after ``limit`` ranges, how many numbers more there are."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    shown = ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges[:limit])
    more = sum(last - first + 1 for first, last in ranges[limit:])
    return f"{shown} and {more} more" if more else shown
