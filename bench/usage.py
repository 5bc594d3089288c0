"""What one look of a watcher takes: CPU seconds of Headgate, of Slurm's commands and of slurmctld, and calls."""

from __future__ import annotations

import resource
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bench import cpu
from headgate.slurm.client import SlurmClient


@dataclass(slots=True)
class Usage:
    """What something took, one value for each time."""

    own: list[float] = field(default_factory=list)
    """CPU seconds of this process."""
    commands: list[float] = field(default_factory=list)
    """CPU seconds of Slurm's commands."""
    slurmctld: list[float] = field(default_factory=list)
    """CPU seconds of slurmctld meanwhile, whatever for."""
    clock: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    records: int = 0


async def take(usage: Usage, slurmctld: int, client: SlurmClient, work: Callable[[], Awaitable[int]]) -> None:
    """Do it once and keep what it took; ``slurmctld``: its process id."""
    calls = sum(client.calls.values())
    commands, spent, own, clock = _children(), cpu.of_family(slurmctld), time.process_time(), time.monotonic()
    usage.records = await work()
    usage.clock.append(time.monotonic() - clock)
    usage.own.append(time.process_time() - own)
    usage.slurmctld.append(cpu.of_family(slurmctld) - spent)
    usage.commands.append(_children() - commands)
    usage.calls.append(sum(client.calls.values()) - calls)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
