"""Reservations: nodes that are kept for some users, or for maintenance, for a time."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ReservationFlag(enum.StrEnum):
    """What may be said of a reservation: scontrol's words, 20.11 to 26.05."""

    ANY_NODES = "ANY_NODES"
    DAILY = "DAILY"
    FLEX = "FLEX"
    HOURLY = "HOURLY"
    IGNORE_JOBS = "IGNORE_JOBS"
    """Jobs that run on the nodes do not hinder it."""
    LICENSE_ONLY = "LICENSE_ONLY"
    MAINT = "MAINT"
    """Its nodes are shown and accounted as under maintenance."""
    MAGNETIC = "MAGNETIC"
    NO_HOLD_JOBS_AFTER = "NO_HOLD_JOBS_AFTER"
    OVERLAP = "OVERLAP"
    """Its nodes may be in other reservations too."""
    PART_NODES = "PART_NODES"
    PURGE_COMP = "PURGE_COMP"
    REPLACE = "REPLACE"
    REPLACE_DOWN = "REPLACE_DOWN"
    SPEC_NODES = "SPEC_NODES"
    STATIC_ALLOC = "STATIC_ALLOC"
    TIME_FLOAT = "TIME_FLOAT"
    USER_DELETE = "USER_DELETE"
    WEEKDAY = "WEEKDAY"
    WEEKEND = "WEEKEND"
    WEEKLY = "WEEKLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One reservation. Times are seconds since the epoch; ``flags`` and ``state`` are as Slurm spells them."""

    name: str
    nodes: tuple[str, ...]
    start: float
    end: float
    state: str
    flags: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    partition: str = ""
    features: str = ""
    licenses: tuple[str, ...] = ()
    tres: str = ""
    comment: str = ""
    """Free text; Slurm keeps it from 23.02 on."""
