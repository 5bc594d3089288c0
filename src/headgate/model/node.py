"""Nodes, as slurmctld sees them: the one place that says what a node's state and flags mean.

Source: ``enum node_states`` and the ``NODE_STATE_*`` flags in Slurm's ``slurm/slurm.h``, ``node_state_string`` in
``slurm_protocol_defs.c``, and the section NODE STATE CODES of sinfo(1), from 20.11 to 26.05.

A state is one base state and any number of flags. They are never made one word here: "draining" and "drained" are the
same flag on a node that works and on one that does not.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


class NodeBase(enum.StrEnum):
    """What a node is, its flags aside."""

    UNKNOWN = "UNKNOWN"
    """slurmctld has not heard of it yet."""
    DOWN = "DOWN"
    """Takes no jobs, and what ran on it was ended."""
    IDLE = "IDLE"
    """Has no job."""
    ALLOCATED = "ALLOCATED"
    """All its CPUs are handed out."""
    MIXED = "MIXED"
    """Some of its CPUs, or other resources, are handed out."""
    ERROR = "ERROR"
    """In error (old versions)."""
    FUTURE = "FUTURE"
    """Configured, and not there yet."""


class NodeFlag(enum.StrEnum):
    """What may stand beside the base state; the value is the word of ``scontrol show node``."""

    BLOCKED = "BLOCKED"
    """Kept free, because jobs of its block want it so."""
    CLOUD = "CLOUD"
    """Comes and goes with a cloud."""
    COMPLETING = "COMPLETING"
    """Jobs on it are being cleaned up."""
    DRAIN = "DRAIN"
    """Takes no new jobs; those on it go on."""
    DYNAMIC_FUTURE = "DYNAMIC_FUTURE"
    """Became real from a FUTURE node."""
    DYNAMIC_NORM = "DYNAMIC_NORM"
    """Registered itself; stands in no configuration."""
    EXTERNAL = "EXTERNAL"
    """Is known for its licences only and has no slurmd."""
    FAIL = "FAIL"
    """Takes no new jobs, because it is about to fail."""
    INVALID_REG = "INVALID_REG"
    """Reported other hardware than is configured."""
    MAINTENANCE = "MAINTENANCE"
    """Is in a reservation with the flag MAINT that is active now."""
    NOT_RESPONDING = "NOT_RESPONDING"
    """Has not answered for a while; DOWN comes next."""
    PERFCTRS = "PERFCTRS"
    """Its network counters are in use (old versions)."""
    PLANNED = "PLANNED"
    """Kept free by the scheduler for a job with a higher priority."""
    POWERED_DOWN = "POWERED_DOWN"
    """Is switched off to save power."""
    POWERING_DOWN = "POWERING_DOWN"
    """Is being switched off."""
    POWERING_UP = "POWERING_UP"
    """Is being switched on."""
    POWER_DOWN = "POWER_DOWN"
    """Shall be switched off when it has no job."""
    POWER_DRAIN = "POWER_DRAIN"
    """Takes no new jobs, to be switched off."""
    POWER_UP = "POWER_UP"
    """Shall be switched on."""
    REBOOT_CANCEL = "REBOOT_CANCEL"
    """Its reboot is being called off."""
    REBOOT_ISSUED = "REBOOT_ISSUED"
    """Was told to reboot and has not come back."""
    REBOOT_REQUESTED = "REBOOT_REQUESTED"
    """Shall reboot when it has no job."""
    RESERVED = "RESERVED"
    """Is in a reservation that is active now."""
    RESUME = "RESUME"
    """Is being put back into service."""
    UNDRAIN = "UNDRAIN"
    """Its drain is being taken back."""


@dataclass(frozen=True, slots=True)
class NodeState:
    """A base state and flags. ``unknown``: flags of a Slurm newer than this table, as it spelled them."""

    base: NodeBase
    flags: frozenset[NodeFlag] = frozenset()
    unknown: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The state as scontrol writes it, the flags in alphabetical order: ``IDLE+DRAIN``."""
        return "+".join([self.base.value, *sorted([*(flag.value for flag in self.flags), *self.unknown])])

    @property
    def working(self) -> bool:
        """Whether jobs hold it, or are being cleaned up on it."""
        return self.base in (NodeBase.ALLOCATED, NodeBase.MIXED) or NodeFlag.COMPLETING in self.flags

    @property
    def down(self) -> bool:
        """Whether it is out of service and what ran on it is lost."""
        return self.base in (NodeBase.DOWN, NodeBase.ERROR)

    @property
    def failing(self) -> bool:
        """Whether somebody set it to FAIL."""
        return NodeFlag.FAIL in self.flags

    @property
    def responding(self) -> bool:
        """Whether slurmd answered of late."""
        return NodeFlag.NOT_RESPONDING not in self.flags

    @property
    def draining(self) -> bool:
        """Whether it takes no new jobs and still has some."""
        return NodeFlag.DRAIN in self.flags and self.working

    @property
    def drained(self) -> bool:
        """Whether it takes no new jobs and has none."""
        return NodeFlag.DRAIN in self.flags and not self.working

    @property
    def in_service(self) -> bool:
        """Whether it takes, or has, jobs as usual."""
        out = {NodeFlag.DRAIN, NodeFlag.FAIL, NodeFlag.INVALID_REG, NodeFlag.NOT_RESPONDING, NodeFlag.POWER_DRAIN}
        return self.base in (NodeBase.IDLE, NodeBase.ALLOCATED, NodeBase.MIXED) and not self.flags & out


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node. Times are seconds since the epoch, None where Slurm knows none; memory is in bytes.

    ``reason``, ``comment`` and ``extra`` are free text, untrusted.
    """

    name: str
    state: NodeState
    reason: str = ""
    reason_user: str = ""
    """Who set the reason: an account's name, or a number where it has none."""
    reason_time: float | None = None
    boot_time: float | None = None
    slurmd_start_time: float | None = None
    last_busy_time: float | None = None
    partitions: tuple[str, ...] = ()
    cpus: int = 0
    cpus_allocated: int = 0
    cpu_load: float | None = None
    """None where slurmd has not told it."""
    memory: int = 0
    memory_allocated: int = 0
    memory_free: int | None = None
    """What the operating system calls free; None where slurmd has not told it."""
    tres: Mapping[str, int] = field(default_factory=dict, hash=False)
    """All it has: ``cpu``, ``mem`` (bytes), ``gres/gpu``, …"""
    tres_allocated: Mapping[str, int] = field(default_factory=dict, hash=False)
    gres: str = ""
    gres_used: str = ""
    version: str = ""
    """Of its slurmd; empty until that has registered."""
    arch: str = ""
    os: str = ""
    address: str = ""
    host: str = ""
    features: tuple[str, ...] = ()
    """Those it may have."""
    active_features: tuple[str, ...] = ()
    weight: int = 1
    comment: str = ""
    extra: str = ""
    reservation: str = ""
    """The reservation it is in now; Slurm tells it from 23.02 on."""
    next_state: str = ""
    """What it shall be after its reboot; empty without one."""
    fields: Mapping[str, str] = field(default_factory=dict, hash=False)
    """All that scontrol says of it, by scontrol's names."""


_MARKS: Final = {
    "*": NodeFlag.NOT_RESPONDING,
    "~": NodeFlag.POWERED_DOWN,
    "#": NodeFlag.POWERING_UP,
    "%": NodeFlag.POWERING_DOWN,
    "!": NodeFlag.POWER_DOWN,
    "$": NodeFlag.MAINTENANCE,
    "@": NodeFlag.REBOOT_REQUESTED,
    "^": NodeFlag.REBOOT_ISSUED,
    "-": NodeFlag.PLANNED,
}
"""What sinfo, and scontrol up to 21.08, append to the word."""
_ALIASES: Final = {
    "ALLOC": (NodeBase.ALLOCATED, None),
    "MIX": (NodeBase.MIXED, None),
    "UNK": (NodeBase.UNKNOWN, None),
    "COMP": (None, NodeFlag.COMPLETING),
    "INVAL": (None, NodeFlag.INVALID_REG),
    "MAINT": (None, NodeFlag.MAINTENANCE),
    "NO_RESPOND": (None, NodeFlag.NOT_RESPONDING),
    "PLND": (None, NodeFlag.PLANNED),
    "POWER": (None, NodeFlag.POWERED_DOWN),
    "RESV": (None, NodeFlag.RESERVED),
    "DRAINED": (NodeBase.IDLE, NodeFlag.DRAIN),
    "DRAINING": (NodeBase.ALLOCATED, NodeFlag.DRAIN),
    "DRNG": (NodeBase.ALLOCATED, NodeFlag.DRAIN),
    "FAILING": (NodeBase.ALLOCATED, NodeFlag.FAIL),
    "FAILG": (NodeBase.ALLOCATED, NodeFlag.FAIL),
    "REBOOT": (None, NodeFlag.REBOOT_REQUESTED),
}
_WORDS: Final = {
    **{base.value: (base, None) for base in NodeBase},
    **{flag.value: (None, flag) for flag in NodeFlag},
    **_ALIASES,
}
_WORD: Final = re.compile(r"(?P<word>[A-Z][A-Z_]*)(?P<marks>[*~#%!$@^\-]*)", re.ASCII)


def read_node_state(text: str) -> NodeState | None:
    """Read ``IDLE+DRAIN``, ``down*``, ``mixed@``; None for text that is no state.

    Where the text names no base state (``MAINT``, ``RESERVED``) the node is idle: Slurm shows the base state of all
    others. A flag that is not known here is kept as ``unknown``.
    """
    base: NodeBase | None = None
    flags: set[NodeFlag] = set()
    unknown: set[str] = set()
    for word in text.strip().upper().split("+"):
        match = _WORD.fullmatch(word)
        if match is None:
            return None
        flags.update(_MARKS[mark] for mark in match["marks"])
        if match["word"] not in _WORDS:
            unknown.add(match["word"])
            continue
        of_word, flag = _WORDS[match["word"]]
        base = base or of_word
        flags.update([flag] if flag else [])
    if base is None and not flags:
        return None
    return NodeState(base or NodeBase.IDLE, frozenset(flags), frozenset(unknown))
