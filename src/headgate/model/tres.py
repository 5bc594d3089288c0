"""Trackable resources (TRES): ``cpu=2,mem=4G,node=1,gres/gpu=2,gres/gpu:a100=2``."""

from __future__ import annotations

from typing import Final

from headgate.model.durations import read_duration
from headgate.model.sizes import read_size

MAX_TRES: Final = 256
"""Resources read from one text; real ones have a dozen."""
_PLAIN: Final = frozenset({"cpu", "mem", "node", "billing", "energy", "pages", "vmem", "fs/disk"})


def read_tres(text: str) -> dict[str, int]:
    """Read a TRES text of Slurm: sizes in bytes (binary units), ``cpu=00:01:02`` in whole seconds.

    An amount that cannot be read is left out, so that it is unknown and not zero.
    """
    amounts: dict[str, int] = {}
    for item in text.split(",", MAX_TRES)[:MAX_TRES]:
        name, _, amount = item.partition("=")
        value = _amount(amount)
        if name and value is not None:
            amounts[name] = value
    return amounts


def beside_the_plain(amounts: dict[str, int]) -> dict[str, int]:
    """Return what a user would call special: GPUs, licences, burst buffers; not CPUs, memory, nodes and the like.

    Where Slurm counts GPUs both together and by type, the types are kept beside the total.
    """
    return {name: amount for name, amount in amounts.items() if name not in _PLAIN and amount > 0}


def _amount(text: str) -> int | None:
    if ":" in text:
        seconds = read_duration(text)
        return None if seconds is None else int(seconds)
    return read_size(text)
