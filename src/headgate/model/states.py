"""Slurm's job states: the one place that says which are over, which failed, which use nodes.

Source: ``enum job_states`` and the ``JOB_*`` flags in Slurm's ``slurm/slurm.h``, and the section JOB STATE CODES
of squeue(1) and sacct(1), from 18.08 to 26.05.
"""

from __future__ import annotations

import enum
import functools
import re
from dataclasses import dataclass
from typing import Final, Self


class JobState(enum.Enum):
    """A job's base state, with its meaning.

    ``terminal``: the job is over and will not run again under the same submission.
    ``failed``: it is over and did not do what it was asked (a cancelled job did not fail: somebody wanted that).
    ``active``: it holds resources now.
    """

    PENDING = ("PENDING", "PD", False, False, False)
    """Waits for resources or permission."""
    RUNNING = ("RUNNING", "R", False, False, True)
    """Has an allocation."""
    SUSPENDED = ("SUSPENDED", "S", False, False, True)
    """Has an allocation, but its processes are stopped."""
    COMPLETED = ("COMPLETED", "CD", True, False, False)
    """Ended with exit code zero."""
    CANCELLED = ("CANCELLED", "CA", True, False, False)
    """Was cancelled by its user or an administrator, before or after it started."""
    FAILED = ("FAILED", "F", True, True, False)
    """Ended with a non-zero exit code or another failure."""
    TIMEOUT = ("TIMEOUT", "TO", True, True, False)
    """Reached its time limit."""
    NODE_FAIL = ("NODE_FAIL", "NF", True, True, False)
    """One of its nodes failed."""
    PREEMPTED = ("PREEMPTED", "PR", True, True, False)
    """Had to give way to another job."""
    BOOT_FAIL = ("BOOT_FAIL", "BF", True, True, False)
    """Its nodes did not boot."""
    DEADLINE = ("DEADLINE", "DL", True, True, False)
    """Was ended at its deadline."""
    OUT_OF_MEMORY = ("OUT_OF_MEMORY", "OOM", True, True, False)
    """Used more memory than it had."""

    text: str
    code: str
    terminal: bool
    failed: bool
    active: bool

    def __new__(cls, text: str, code: str, terminal: bool, failed: bool, active: bool) -> Self:
        """Make a state whose value is its long name."""
        state = object.__new__(cls)
        state._value_ = text
        state.text, state.code = text, code
        state.terminal, state.failed, state.active = terminal, failed, active
        return state


class JobFlag(enum.Enum):
    """What Slurm may show in a job's state in place of, or beside, the base state.

    The value is squeue's two letters; flags that squeue does not show (slurmrestd does) have none, and their name
    stands there. squeue and scontrol show one word: the first flag of ``job_state_string`` in Slurm's
    ``slurm_protocol_defs.c`` (COMPLETING before all others), else the base state.
    """

    COMPLETING = "CG"
    """Its processes are being ended and its nodes cleaned up; the base state is terminal already, or pending again if
    the job was requeued."""
    CONFIGURING = "CF"
    """Its nodes are being made ready; the base state is running."""
    LAUNCH_FAILED = "LAUNCH_FAILED"
    """Its launch failed."""
    POWER_UP_NODE = "POWER_UP_NODE"
    """Its nodes are being powered up."""
    RECONFIG_FAIL = "RECONFIG_FAIL"
    """Its nodes could not be reconfigured."""
    REQUEUED = "RQ"
    """Is being put back into the queue."""
    REQUEUE_FED = "RF"
    """Is being put back into the queue by its federation."""
    REQUEUE_HOLD = "RH"
    """Is being put back into the queue, held."""
    RESIZING = "RS"
    """Is about to change its size."""
    RESV_DEL_HOLD = "RD"
    """Is held, because its reservation was deleted."""
    REVOKED = "RV"
    """Was taken over by another cluster of its federation."""
    SIGNALING = "SI"
    """Is being signalled."""
    SPECIAL_EXIT = "SE"
    """Was put back into the queue with a special exit state, held."""
    STAGE_OUT = "SO"
    """Is moving data out of a burst buffer; the base state is already terminal."""
    STOPPED = "ST"
    """Its processes were stopped by a signal, its resources kept."""
    UPDATE_DB = "UPDATE_DB"
    """Its database record is being updated."""
    EXPEDITING = "EXPEDITING"
    """Is being put ahead of others after a node failure."""


_BASE_OF_FLAG: Final = {
    JobFlag.CONFIGURING: JobState.RUNNING,
    JobFlag.POWER_UP_NODE: JobState.RUNNING,
    JobFlag.RESIZING: JobState.RUNNING,
    JobFlag.SIGNALING: JobState.RUNNING,
    JobFlag.STOPPED: JobState.SUSPENDED,
    JobFlag.REQUEUED: JobState.PENDING,
    JobFlag.REQUEUE_FED: JobState.PENDING,
    JobFlag.REQUEUE_HOLD: JobState.PENDING,
    JobFlag.RESV_DEL_HOLD: JobState.PENDING,
    JobFlag.SPECIAL_EXIT: JobState.PENDING,
    JobFlag.EXPEDITING: JobState.PENDING,
    JobFlag.LAUNCH_FAILED: JobState.FAILED,
    JobFlag.RECONFIG_FAIL: JobState.FAILED,
    JobFlag.REVOKED: JobState.CANCELLED,
}

_STATES: Final = {name: state for state in JobState for name in (state.text, state.code)}
_FLAGS: Final = {name: flag for flag in JobFlag for name in (flag.name, flag.value)}


@dataclass(frozen=True, slots=True)
class StateReading:
    """A state as Slurm printed it: its base, its flags, and who cancelled the job (a user id), if that was said.

    ``state`` is None where the text says only that something is going on (COMPLETING, STAGE_OUT, UPDATE_DB): this run
    is over then, but how it ended is not said.
    """

    state: JobState | None
    flags: frozenset[JobFlag] = frozenset()
    cancelled_by: int | None = None


@functools.lru_cache(maxsize=1024)
def read_state(text: str) -> StateReading | None:
    """Read a job state as squeue, sacct, scontrol, slurmrestd or a mail's subject give it.

    Accepts long and short names in any case, ``CANCELLED by 1000``, a trailing ``+`` where sacct cut the word, and
    several words joined by ``+``, ``,`` or blanks (base state and flags). None for text that names no known state.
    """
    cancelled = re.fullmatch(r"\s*CANCELLED\s+by\s+(\d+)\s*", text, re.IGNORECASE)
    if cancelled:
        return StateReading(JobState.CANCELLED, cancelled_by=int(cancelled[1]))
    base: JobState | None = None
    flags: set[JobFlag] = set()
    for word in re.split(r"[+,\s]+", text.strip().upper()):
        if not word:
            continue
        if word in _STATES:
            base = base or _STATES[word]
        elif word in _FLAGS:
            flags.add(_FLAGS[word])
        else:
            return None
    if base is None:
        base = next(
            (_BASE_OF_FLAG[flag] for flag in sorted(flags, key=lambda f: f.name) if flag in _BASE_OF_FLAG), None
        )
    if base is None and not flags:
        return None
    return StateReading(base, frozenset(flags))
