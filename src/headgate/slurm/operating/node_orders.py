"""What an order means for a node: done already, to be done, or left alone. Without I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from headgate.model.change import Facts, Value
from headgate.model.node import Node, NodeBase, NodeFlag, NodeState
from headgate.slurm.commands.node_updates import NEED_REASON, NodeKey, NodeOrder

_OUT_OF_SERVICE: Final = frozenset({NodeFlag.DRAIN, NodeFlag.FAIL})
_SHOWN_REASON: Final = 120


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to one node. Without ``do`` and without ``error`` it is as wanted already."""

    do: bool
    error: str | None = None


DONE: Final = Step(do=False)
DO: Final = Step(do=True)


def plan(node: Node, order: NodeOrder, reason: str, *, ours: bool, force: bool = False) -> Step:
    """Say what an order means for a node. ``ours``: its reason was set by us."""
    foreign = bool(node.reason) and not ours and not force
    reached = is_reached(node.state, order)
    if order in NEED_REASON:
        if reached and (foreign or node.reason == reason):
            return DONE
        return _left_alone(node) if foreign else DO
    if reached:
        return DONE
    if order in (NodeOrder.RESUME, NodeOrder.UNDRAIN) and foreign:
        return _left_alone(node)
    return DO


def plan_infos(
    node: Node, infos: Mapping[NodeKey, str], *, ours: bool, force: bool = False
) -> tuple[Step, dict[NodeKey, str]]:
    """Say which of these values a node has not yet, and what is done about it."""
    wanted = {key: text for key, text in infos.items() if shown(node, key) != text}
    if not wanted:
        return DONE, {}
    if NodeKey.REASON in wanted and node.reason and not ours and not force:
        return _left_alone(node), {}
    if NodeKey.AVAILABLE_FEATURES in infos and NodeKey.ACTIVE_FEATURES not in infos:
        # Slurm refuses new features as long as active ones are not among them, so both are set at once.
        wanted[NodeKey.ACTIVE_FEATURES] = _active_among(node, infos[NodeKey.AVAILABLE_FEATURES])
    return DO, wanted


def is_reached(state: NodeState, order: NodeOrder) -> bool:
    """Say whether a node is what an order asks for. Orders about power are never: Slurm knows best."""
    match order:
        case NodeOrder.DRAIN:
            return NodeFlag.DRAIN in state.flags
        case NodeOrder.DOWN:
            return state.base is NodeBase.DOWN
        case NodeOrder.FAIL:
            return NodeFlag.FAIL in state.flags
        case NodeOrder.RESUME:
            return not state.down and not state.flags & _OUT_OF_SERVICE
        case NodeOrder.UNDRAIN:
            return NodeFlag.DRAIN not in state.flags
        case _:
            return False


def may_reboot(node: Node, *, ours: bool, force: bool = False) -> Step:
    """Say whether a node may be rebooted: coming back, it may lose the reason that somebody gave it."""
    return _left_alone(node) if node.reason and not ours and not force else DO


def after_order(node: Node, order: NodeOrder, reason: str) -> Facts:
    """Return what a node would show after an order: for dry runs."""
    lost = order in (NodeOrder.RESUME, NodeOrder.UNDRAIN)
    return facts_of(node) | {"state": _state_after(node.state, order).text, "reason": "" if lost else reason}


def after_infos(node: Node, infos: Mapping[NodeKey, str]) -> Facts:
    """Return what a node would show with new values: for dry runs."""
    return facts_of(node, infos) | {_FACT[key]: text for key, text in infos.items()}


def after_reboot(node: Node, *, asap: bool) -> Facts:
    """Return what a node would show until it reboots: for dry runs."""
    more = {NodeFlag.REBOOT_REQUESTED, *([NodeFlag.DRAIN] if asap else [])}
    return facts_of(node) | {"state": NodeState(node.state.base, node.state.flags | more, node.state.unknown).text}


def facts_of(node: Node, infos: Mapping[NodeKey, str] | None = None) -> Facts:
    """Return what is said of a node before and after a change."""
    facts: Facts = {"state": node.state.text, "reason": node.reason, "reason_user": node.reason_user}
    more: dict[str, Value] = {_FACT[key]: shown(node, key) for key in infos or {}}
    return facts | more


def shown(node: Node, key: NodeKey) -> str:
    """Return a node's value as text, as it would be set."""
    own = _SHOWN.get(key)
    return own(node) if own else node.fields.get(key.value, "")


def _state_after(state: NodeState, order: NodeOrder) -> NodeState:
    flags = set(state.flags)
    base = state.base
    match order:
        case NodeOrder.DRAIN:
            flags.add(NodeFlag.DRAIN)
        case NodeOrder.FAIL:
            flags.add(NodeFlag.FAIL)
        case NodeOrder.DOWN:
            base = NodeBase.DOWN
        case NodeOrder.RESUME:
            flags -= _OUT_OF_SERVICE
            base = NodeBase.IDLE if state.down else base
        case NodeOrder.UNDRAIN:
            flags.discard(NodeFlag.DRAIN)
        case _:
            pass
    return NodeState(base, frozenset(flags), state.unknown)


def _left_alone(node: Node) -> Step:
    reason = node.reason if len(node.reason) <= _SHOWN_REASON else node.reason[: _SHOWN_REASON - 1] + "…"
    who = node.reason_user or "Slurm"
    return Step(do=False, error=f"left alone: {who} gave it the reason {reason!r}, and force was not given")


def _active_among(node: Node, features: str) -> str:
    wanted = [feature for feature in features.split(",") if feature]
    if set(node.active_features) == set(node.features):
        return ",".join(wanted)
    return ",".join(feature for feature in wanted if feature in node.active_features)


_SHOWN: Final[Mapping[NodeKey, Callable[[Node], str]]] = {
    NodeKey.ACTIVE_FEATURES: lambda node: ",".join(node.active_features),
    NodeKey.AVAILABLE_FEATURES: lambda node: ",".join(node.features),
    NodeKey.COMMENT: lambda node: node.comment,
    NodeKey.EXTRA: lambda node: node.extra,
    NodeKey.GRES: lambda node: node.gres,
    NodeKey.REASON: lambda node: node.reason,
    NodeKey.WEIGHT: lambda node: str(node.weight),
}
_FACT: Final[Mapping[NodeKey, str]] = {
    NodeKey.ACTIVE_FEATURES: "features_active",
    NodeKey.AVAILABLE_FEATURES: "features",
    NodeKey.COMMENT: "comment",
    NodeKey.CPU_BIND: "cpu_bind",
    NodeKey.EXTRA: "extra",
    NodeKey.GRES: "gres",
    NodeKey.NODE_ADDR: "node_addr",
    NodeKey.NODE_HOSTNAME: "node_hostname",
    NodeKey.REASON: "reason",
    NodeKey.WEIGHT: "weight",
}
"""scontrol's name -> PySlurm's, which ``slurm.node.get`` gives and ``slurm.node.update`` takes."""
PYSLURM_KEYS: Final[Mapping[str, NodeKey]] = {fact: key for key, fact in _FACT.items()}
