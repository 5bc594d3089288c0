"""scontrol: changing nodes.

Source: scontrol(1), ``src/scontrol/update_node.c`` and ``reboot_node.c``, 20.11 to 26.05. A list with one bad name
changes the nodes before it and then fails, so names are looked up before.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Final

from headgate.model.hostlist import fold_hosts
from headgate.slurm.commands import words

_NODES: Final = "NodeName"


class NodeOrder(enum.StrEnum):
    """What a node can be told to be."""

    DOWN = "DOWN"
    DRAIN = "DRAIN"
    FAIL = "FAIL"
    RESUME = "RESUME"
    UNDRAIN = "UNDRAIN"
    POWER_UP = "POWER_UP"
    POWER_DOWN = "POWER_DOWN"
    CANCEL_REBOOT = "CANCEL_REBOOT"


NEED_REASON: Final = frozenset({NodeOrder.DOWN, NodeOrder.DRAIN, NodeOrder.FAIL})
"""Orders that Slurm takes only with a reason."""


class NodeKey(enum.StrEnum):
    """What of a node can be changed, by scontrol's names."""

    ACTIVE_FEATURES = "ActiveFeatures"
    AVAILABLE_FEATURES = "AvailableFeatures"
    COMMENT = "Comment"
    CPU_BIND = "CpuBind"
    EXTRA = "Extra"
    GRES = "Gres"
    NODE_ADDR = "NodeAddr"
    NODE_HOSTNAME = "NodeHostName"
    REASON = "Reason"
    WEIGHT = "Weight"


def update_words(*, order: NodeOrder | None = None, infos: Mapping[NodeKey, str] | None = None) -> list[str]:
    """Return the command that changes nodes, but for the nodes.

    Raises ValueError for values that Slurm would not keep as they are.
    """
    pairs = [] if order is None else [f"State={order.value}"]
    for key, text in (infos or {}).items():
        pairs.append(f"{key.value}={words.reason(text) if key is NodeKey.REASON else words.value(text)}")
    return ["scontrol", "update", f"{_NODES}=", *pairs]


def reboot_words(*, asap: bool = False, next_state: str | None = None, reason: str = "") -> list[str]:
    """Return the command that reboots nodes when they have no job, but for the nodes. ``asap``: they take no new ones.

    Raises ValueError for a reason that Slurm would not keep as it is.
    """
    asked = ["ASAP"] if asap else []
    if next_state is not None:
        asked.append(f"nextstate={next_state}")
    if reason:
        asked.append(f"reason={words.reason(reason)}")
    return ["scontrol", "reboot", *asked]


def addressed(command: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return a command with its nodes."""
    hosts = hostlist(names)
    place = f"{_NODES}="
    if place in command:
        return [f"{place}{hosts}" if word == place else word for word in command]
    return [*command, hosts]


def hostlist(names: Sequence[str]) -> str:
    """Return names in Slurm's short form. Raises ValueError if they cannot be read."""
    folded = fold_hosts(",".join(names))
    if not folded:
        raise ValueError("no nodes are named")
    return folded
