"""scontrol: partitions.

Source: scontrol(1), ``src/scontrol/update_part.c``, 20.11 to 26.05.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from headgate.slurm.commands import blocks, words


class PartitionKey(enum.StrEnum):
    """What of a partition can be changed, by scontrol's names."""

    ALLOW_ACCOUNTS = "AllowAccounts"
    ALLOW_GROUPS = "AllowGroups"
    ALLOW_QOS = "AllowQos"
    DEFAULT = "Default"
    DEFAULT_TIME = "DefaultTime"
    DENY_ACCOUNTS = "DenyAccounts"
    DENY_QOS = "DenyQos"
    GRACE_TIME = "GraceTime"
    HIDDEN = "Hidden"
    MAX_NODES = "MaxNodes"
    MAX_TIME = "MaxTime"
    MIN_NODES = "MinNodes"
    OVER_SUBSCRIBE = "OverSubscribe"
    OVER_TIME_LIMIT = "OverTimeLimit"
    PREEMPT_MODE = "PreemptMode"
    PRIORITY_JOB_FACTOR = "PriorityJobFactor"
    PRIORITY_TIER = "PriorityTier"
    QOS = "QoS"
    REQ_RESV = "ReqResv"
    ROOT_ONLY = "RootOnly"
    STATE = "State"


def show_command() -> list[str]:
    """Return the arguments that show all partitions, also hidden ones."""
    return ["scontrol", "--all", "--local", "show", "partition"]


def update_command(name: str, infos: Mapping[PartitionKey, str]) -> list[str]:
    """Return the arguments that change a partition. Raises ValueError for values that cannot be handed over."""
    pairs = [f"{key.value}={words.value(text)}" for key, text in infos.items()]
    if not pairs:
        raise ValueError("nothing is to be changed")
    return ["scontrol", "update", f"PartitionName={words.name(name)}", *pairs]


def parse(text: str) -> dict[str, dict[str, str]]:
    """Read all partitions: their fields, by scontrol's names, by name."""
    return blocks.parse(text, "PartitionName")
