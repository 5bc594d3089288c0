"""What a cluster has, and how much of it is in use: its nodes, taken together."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final, Self

from headgate.model.node import Node
from headgate.model.node_standing import NodeStanding, standing_of

_GPUS: Final = "gres/gpu"
_GRES: Final = re.compile(r"(?:^|,)(?:gres/)?gpu(?::[A-Za-z_][^:(,]*)?:(\d{1,6})\b")


@dataclass(frozen=True, slots=True)
class Capacity:
    """All nodes of a cluster at one time. Memory is in bytes; ``states``: how nodes stand, in a word -> how many."""

    seen_at: float
    """Seconds since the epoch."""
    states: Mapping[str, int] = field(default_factory=dict, hash=False)
    cpus: int = 0
    cpus_allocated: int = 0
    memory: int = 0
    memory_allocated: int = 0
    gpus: int = 0
    gpus_allocated: int = 0

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return sum(self.states.values())

    @property
    def standings(self) -> list[tuple[str, int]]:
        """How nodes stand and how many do, worst first."""
        return [(word.value, self.states[word.value]) for word in NodeStanding if word.value in self.states]

    def as_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what ``as_json`` wrote; what a newer program added is left out."""
        given = json.loads(text)
        return cls(**{name: given[name] for name in cls.__dataclass_fields__ if name in given})


def capacity_of(nodes: Iterable[Node], now: float) -> Capacity:
    """Take nodes together."""
    states: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    for node in nodes:
        states[standing_of(node.state).value] += 1
        sums["cpus"] += node.cpus
        sums["cpus_allocated"] += node.cpus_allocated
        sums["memory"] += node.memory
        sums["memory_allocated"] += node.memory_allocated
        sums["gpus"] += _gpus(node.tres, node.gres)
        sums["gpus_allocated"] += _gpus(node.tres_allocated, node.gres_used)
    return Capacity(seen_at=now, states=dict(states), **sums)


def _gpus(tres: Mapping[str, int], gres: str) -> int:
    """Return how many GPUs there are: Slurm counts them where accounting tracks them, and lists them everywhere."""
    return tres[_GPUS] if _GPUS in tres else sum(int(count) for count in _GRES.findall(gres))
