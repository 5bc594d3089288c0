"""Outages: what slurmdbd keeps of nodes that are not in service.

Source: ``as_mysql_node_down`` and ``as_mysql_node_up`` in Slurm's ``as_mysql_cluster.c``, and the ``NODE_STATE_*`` bits
in ``slurm/slurm.h``, whose places have not changed from 20.11 to 26.05.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headgate.model.node import NodeBase, NodeFlag, NodeState


@dataclass(frozen=True, slots=True)
class NodeOutage:
    """A time in which a node was in one state, for one reason, and not in service.

    Another state or reason makes another outage, which begins when the one before ends. Times are whole seconds since
    the epoch, by slurmctld's clock; ``end`` is None while it lasts. There is one outage at most of a node in a second.
    """

    node: str
    state: NodeState
    start: int
    end: int | None = None
    reason: str = ""
    """Free text, untrusted."""
    user: str = ""
    """Who caused it. Of a node that was drained once its jobs had ended, Slurm's own account."""


_BASES: Final = (
    NodeBase.UNKNOWN,
    NodeBase.DOWN,
    NodeBase.IDLE,
    NodeBase.ALLOCATED,
    NodeBase.ERROR,
    NodeBase.MIXED,
    NodeBase.FUTURE,
)
_BASE_BITS: Final = 0xF
_FLAGS: Final = {
    5: NodeFlag.RESERVED,
    6: NodeFlag.UNDRAIN,
    7: NodeFlag.CLOUD,
    8: NodeFlag.RESUME,
    9: NodeFlag.DRAIN,
    10: NodeFlag.COMPLETING,
    11: NodeFlag.NOT_RESPONDING,
    12: NodeFlag.POWERED_DOWN,
    13: NodeFlag.FAIL,
    14: NodeFlag.POWERING_UP,
    15: NodeFlag.MAINTENANCE,
    16: NodeFlag.REBOOT_REQUESTED,
    17: NodeFlag.REBOOT_CANCEL,
    18: NodeFlag.POWERING_DOWN,
    19: NodeFlag.DYNAMIC_FUTURE,
    20: NodeFlag.REBOOT_ISSUED,
    21: NodeFlag.PLANNED,
    22: NodeFlag.INVALID_REG,
    23: NodeFlag.POWER_DOWN,
    24: NodeFlag.POWER_UP,
    25: NodeFlag.POWER_DRAIN,
    26: NodeFlag.DYNAMIC_NORM,
    27: NodeFlag.BLOCKED,
}
"""By bit. Bit 4 means different things in different versions, neither of which makes an outage."""


def node_state_of_number(number: int) -> NodeState | None:
    """Read a state as slurmdbd keeps it: the base state in the low four bits, a bit for each flag; None for no state.

    Its word would not do: it is DRAIN for a node that is down and drained.
    """
    base = number & _BASE_BITS
    if number < 0 or base >= len(_BASES):
        return None
    return NodeState(_BASES[base], frozenset(flag for bit, flag in _FLAGS.items() if number >> bit & 1))
