"""What the node watcher remembers of nodes, to the store and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from headgate.events.sources.node_changes import KnownNode
from headgate.events.sources.node_ledger import Told
from headgate.model.event import JSON, EventKind
from headgate.model.node import Node, NodeBase, NodeFlag, NodeState, read_node_state
from headgate.store.nodes import StoredNode


@dataclass(frozen=True, slots=True)
class Remembered:
    """A node, and its ledger."""

    known: KnownNode
    told: tuple[Told, ...] = ()


_GPU: Final = "gres/gpu"
_PASSING: Final = frozenset({NodeFlag.BLOCKED, NodeFlag.COMPLETING, NodeFlag.PLANNED})


def matters(before: Remembered, after: Remembered) -> bool:
    """Say whether what is remembered of a node has changed so that it must be kept: not for every job it gets."""
    return before is not after and _kept(before) != _kept(after)


def _kept(one: Remembered) -> tuple[object, ...]:
    known, node = one.known, one.known.node
    state = node.state
    draining = NodeFlag.DRAIN in state.flags
    return (
        state.base if draining else state.base in (NodeBase.IDLE, NodeBase.ALLOCATED, NodeBase.MIXED) or state.base,
        state.flags if draining else state.flags - _PASSING,
        state.unknown,
        (node.reason, node.reason_user, node.reason_time),
        (node.boot_time, node.slurmd_start_time),
        (node.partitions, node.reservation),
        (known.silent_since, known.told_silent),
        one.told,
    )


def figures_of(node: Node) -> dict[str, JSON]:
    """Return what pages show of a node and the watcher itself does not need; memory is in bytes."""
    return {
        "cpus": node.cpus,
        "cpus_allocated": node.cpus_allocated,
        "memory": node.memory,
        "memory_allocated": node.memory_allocated,
        "gpus": node.tres.get(_GPU, 0),
        "gpus_allocated": node.tres_allocated.get(_GPU, 0),
        "gres": node.gres,
        "features": list(node.active_features or node.features),
        "version": node.version,
    }


def stored_node(cluster: str, one: Remembered) -> StoredNode:
    """Return what the store keeps of a node."""
    node = one.known.node
    data: dict[str, JSON] = {
        "state": node.state.text,
        "reason": node.reason,
        "reason_user": node.reason_user,
        "reason_time": node.reason_time,
        "boot_time": node.boot_time,
        "slurmd_start_time": node.slurmd_start_time,
        "last_busy_time": node.last_busy_time,
        "partitions": list(node.partitions),
        "reservation": node.reservation,
        "silent_since": one.known.silent_since,
        "told_silent": one.known.told_silent,
        "told": [cast("JSON", entry.as_json()) for entry in one.told],
        "figures": figures_of(node),
    }
    return StoredNode(cluster, node.name, data)


def remembered(stored: StoredNode) -> Remembered:
    """Return what the node watcher remembers of a node."""
    data = stored.data
    node = Node(
        name=stored.name,
        state=read_node_state(_text(data["state"])) or NodeState(NodeBase.UNKNOWN),
        reason=_text(data["reason"]),
        reason_user=_text(data["reason_user"]),
        reason_time=_time(data["reason_time"]),
        boot_time=_time(data["boot_time"]),
        slurmd_start_time=_time(data["slurmd_start_time"]),
        last_busy_time=_time(data["last_busy_time"]),
        partitions=tuple(cast("Sequence[str]", data["partitions"])),
        reservation=_text(data["reservation"]),
    )
    known = KnownNode(node, _time(data["silent_since"]), bool(data["told_silent"]))
    return Remembered(known, tuple(_told(cast("list[JSON]", entry)) for entry in cast("list[JSON]", data["told"])))


def _told(entry: list[JSON]) -> Told:
    kind, key, since, until, exact, seen, outage, reason = entry
    return Told(
        EventKind(_text(kind)), _text(key), _time(since) or 0.0, _time(until) or 0.0, _time(exact), bool(seen),
        _time(outage), _text(reason),
    )  # fmt: skip


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _time(value: JSON) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
