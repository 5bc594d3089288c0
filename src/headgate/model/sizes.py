"""Sizes of memory and files: as Slurm writes them, and as people like to read them. All units are binary."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = "BKMGTPE"
_SIZE: Final = re.compile(rf"(?P<number>\d{{1,20}}(?:\.\d{{1,9}})?)(?P<unit>[{_UNITS}]?)(?P<per>[nc]?)", re.ASCII)
_STEP: Final = 1024


def read_size(text: str, *, unit: str = "B") -> int | None:
    """Read ``4G``, ``1.50G``, ``2012K``, ``0`` in bytes; None for text that is none.

    ``unit`` is what a bare number counts in: ``B``, ``K``, ``M``, …
    """
    if text.isascii() and text.isdigit():
        return int(text) << 10 * _UNITS.index(unit)
    match = _SIZE.fullmatch(text.strip())
    if match is None or match["per"]:
        return None
    return _bytes(match, unit)


def read_memory_request(text: str, *, nodes: int, cpus: int) -> int | None:
    """Read sacct's ``ReqMem`` for the whole job, in bytes; None for text that is none, and for 0 (all of a node).

    Before Slurm 21.08 a trailing ``n`` says "per node" and ``c`` "per CPU"; since then it is for the whole job. A
    bare number is in megabytes.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        return None
    times = {"n": max(nodes, 1), "c": max(cpus, 1), "": 1}[match["per"]]
    return _bytes(match, "M") * times or None


def show_size(size: float) -> str:
    """Write bytes for people: ``3.2 GiB``, ``512 MiB``, ``0 B``. Three figures at most, none of them a bare zero."""
    value, position = float(size), 0
    while value >= _STEP - 0.5 and position < len(_UNITS) - 1:
        value, position = value / _STEP, position + 1
    name = f"{_UNITS[position]}iB" if position else "B"
    shown = f"{value:.1f}" if position and value < 10 else f"{value:.0f}"  # noqa: PLR2004 - one digit before the point
    return f"{shown.removesuffix('.0')} {name}"


def _bytes(match: re.Match[str], unit: str) -> int:
    power = _UNITS.index(match["unit"] or unit)
    return (
        round(float(match["number"]) * _STEP**power) if "." in match["number"] else int(match["number"]) << 10 * power
    )
