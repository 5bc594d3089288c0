"""What a hint says: that there may be news, of what, and by which way it came."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from headgate.store.signals import Topic

LONGEST: Final = 64
"""Bytes of a datagram that are read; a hint has fewer."""


class Way(enum.StrEnum):
    """The ways by which hints come, as ``headgate source list`` calls them."""

    TRIGGERS = "triggers"
    """A trigger of Slurm's ran our program."""
    EPILOG = "epilog"
    """Slurm ran our program as EpilogSlurmctld, after a job."""
    JOBCOMP = "jobcomp"
    """slurmctld posted a finished job to our HTTP address."""
    SENSOR = "sensor"
    """A trigger that was set for StackStorm's sensor posted to our HTTP address."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Look now. ``topic``: who has to. ``again``: seconds after which another look is due, None if one is enough."""

    way: Way
    topic: Topic
    again: float | None = None


_COMPLETED: Final = 1.5
"""Seconds after which a job is over: as long as its EpilogSlurmctld runs, it is COMPLETING."""
JOB_FINISHED: Final = Hint(Way.JOBCOMP, Topic.JOBS)
TRIGGER_RAN: Final = Hint(Way.SENSOR, Topic.NODES)
_DATAGRAMS: Final = {
    b"headgate-hint 1 trigger nodes": Hint(Way.TRIGGERS, Topic.NODES),
    b"headgate-hint 1 trigger jobs": Hint(Way.TRIGGERS, Topic.JOBS),
    b"headgate-hint 1 epilog jobs": Hint(Way.EPILOG, Topic.JOBS, again=_COMPLETED),
}


def read_hint(datagram: bytes) -> Hint | None:
    """Return the hint that a datagram is; None if it is none."""
    return _DATAGRAMS.get(datagram)
