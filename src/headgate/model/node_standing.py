"""How a node stands, in one word: for lists that people look through. What is worst of it counts.

A node's state is more than that (``headgate.model.node``); nothing is decided by this word.
"""

from __future__ import annotations

import enum
from typing import Final

from headgate.model.node import NodeBase, NodeFlag, NodeState


class NodeStanding(enum.StrEnum):
    """The word, worst first."""

    DOWN = "down"
    SILENT = "not_responding"
    """slurmd does not answer; DOWN comes next."""
    FAILING = "failing"
    DRAINED = "drained"
    DRAINING = "draining"
    INVALID = "invalid"
    """Reported other hardware than is configured."""
    POWER = "power"
    """Is, or is to be, rebooted or switched on or off."""
    MAINTENANCE = "maintenance"
    RESERVED = "reserved"
    ALLOCATED = "allocated"
    MIXED = "mixed"
    IDLE = "idle"
    UNKNOWN = "unknown"


_POWER: Final = frozenset(flag for flag in NodeFlag if flag.value.startswith(("POWER", "REBOOT")))
_BASES: Final = {
    NodeBase.ALLOCATED: NodeStanding.ALLOCATED,
    NodeBase.MIXED: NodeStanding.MIXED,
    NodeBase.IDLE: NodeStanding.IDLE,
}


def standing_of(state: NodeState) -> NodeStanding:
    """Return how a node of this state stands."""
    told = (
        (state.down, NodeStanding.DOWN),
        (bool(state.flags & _POWER), NodeStanding.POWER),
        (not state.responding, NodeStanding.SILENT),
        (state.failing, NodeStanding.FAILING),
        (state.drained, NodeStanding.DRAINED),
        (state.draining, NodeStanding.DRAINING),
        (NodeFlag.INVALID_REG in state.flags, NodeStanding.INVALID),
        (NodeFlag.MAINTENANCE in state.flags, NodeStanding.MAINTENANCE),
        (state.working, _BASES.get(state.base, NodeStanding.MIXED)),
        (NodeFlag.RESERVED in state.flags, NodeStanding.RESERVED),
    )
    return next((word for is_so, word in told if is_so), _BASES.get(state.base, NodeStanding.UNKNOWN))
