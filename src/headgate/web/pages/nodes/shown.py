"""Nodes as pages show them: what the node watcher keeps in the store, read with care for what older versions kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from headgate.model.event import JSON
from headgate.model.node import NodeBase, NodeState, read_node_state
from headgate.model.node_standing import NodeStanding, standing_of
from headgate.store.nodes import KeptNode, StoredNode


@dataclass(frozen=True, slots=True)
class ShownNode:
    """One node. Memory is in bytes; a figure is None where nothing is known of it. Reasons are anybody's text."""

    cluster: str
    name: str
    state: NodeState
    standing: NodeStanding
    reason: str
    reason_user: str
    since: float | None
    """When the reason was given, or since when it has been silent."""
    boot_time: float | None
    slurmd_start_time: float | None
    partitions: tuple[str, ...]
    reservation: str
    features: tuple[str, ...]
    gres: str
    version: str
    cpus: int | None
    cpus_allocated: int | None
    memory: int | None
    memory_allocated: int | None
    gpus: int | None
    gpus_allocated: int | None

    @classmethod
    def of(cls, stored: StoredNode) -> Self:
        """Read what the store has of a node."""
        data = stored.data
        found = data.get("figures")
        figures = found if isinstance(found, dict) else {}
        state = read_node_state(_text(data.get("state"))) or NodeState(NodeBase.UNKNOWN)
        return cls(
            cluster=stored.cluster,
            name=stored.name,
            state=state,
            standing=standing_of(state),
            reason=_text(data.get("reason")),
            reason_user=_text(data.get("reason_user")),
            since=_number(data.get("reason_time")) or _number(data.get("silent_since")),
            boot_time=_number(data.get("boot_time")),
            slurmd_start_time=_number(data.get("slurmd_start_time")),
            partitions=_texts(data.get("partitions")),
            reservation=_text(data.get("reservation")),
            features=_texts(figures.get("features")),
            gres=_text(figures.get("gres")),
            version=_text(figures.get("version")),
            cpus=_count(figures.get("cpus")),
            cpus_allocated=_count(figures.get("cpus_allocated")),
            memory=_count(figures.get("memory")),
            memory_allocated=_count(figures.get("memory_allocated")),
            gpus=_count(figures.get("gpus")),
            gpus_allocated=_count(figures.get("gpus_allocated")),
        )

    @property
    def path(self) -> str:
        """Its page, below ``/ui/nodes``; names hold letters, digits, ``_``, ``-`` and ``.`` only."""
        return f"/{self.cluster}/{self.name}"

    @property
    def words(self) -> str:
        """Its state as Slurm writes it."""
        return self.state.text

    def offers(self, wanted: str) -> bool:
        """Whether it has a feature, or generic resources of a kind: ``gpu``, ``gpu:a100``, ``gpu:a100:4``."""
        word = wanted.casefold()
        resources = [part.partition("(")[0].casefold() for part in self.gres.split(",")]
        return any(word == feature.casefold() for feature in self.features) or any(
            one == word or one.startswith(f"{word}:") for one in resources
        )


_READ: Final[dict[tuple[str, str], tuple[str, ShownNode]]] = {}
"""What nodes' data were read as last: of thousands, few have changed since somebody looked."""
_MOST_READ: Final = 100_000


def shown(kept: Iterable[KeptNode]) -> list[ShownNode]:
    """Read what the store has of many nodes."""
    if len(_READ) > _MOST_READ:
        _READ.clear()
    found = []
    for cluster, name, text in kept:
        known = _READ.get((cluster, name))
        if known is None or known[0] != text:
            known = text, ShownNode.of(StoredNode(cluster, name, json.loads(text)))
            _READ[cluster, name] = known
        found.append(known[1])
    return found


def clusters_of(nodes: Sequence[ShownNode]) -> list[str]:
    """Return the clusters of nodes, in order."""
    return list(dict.fromkeys(node.cluster for node in nodes))


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: JSON) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _number(value: JSON) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _count(value: JSON) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
