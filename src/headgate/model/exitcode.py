"""Exit codes, in the two forms in which Slurm gives them.

squeue asks slurmctld, which knows the whole truth: up to 23.11 it prints the raw wait status, as wait(2) defines it
(exit code 3 is 768, killed by signal 9 is 9), later ``code:signal``. sacct always prints ``code:signal``, and up to
24.11 at least it takes 128 off every code of 128 and more, so that exit code 255 reads ``127:0`` there; 26.05 does
not. What was lost cannot be brought back, so prefer slurmctld's.
"""

from __future__ import annotations

import re
from typing import Final

from headgate.model.job import ExitStatus

_PAIR: Final = re.compile(r"(\d{1,10}):(\d{1,10})", re.ASCII)
_SIGNAL_BITS: Final = 0x7F
"""Without the bit that says that a core was dumped."""
_NO_VALUE: Final = 0xFFFF_FFFE
"""What Slurm keeps where it does not know."""


def read_wait_status(text: str) -> ExitStatus | None:
    """Read a raw wait status as squeue prints it; None for text that is none."""
    if not (text.isascii() and text.isdigit()):
        return None
    status = int(text)
    if status >= _NO_VALUE:
        return None
    return ExitStatus(code=(status >> 8) & 0xFF, signal=status & _SIGNAL_BITS)


def read_exit_pair(text: str) -> ExitStatus | None:
    """Read ``code:signal`` as sacct and scontrol print it; None for text that is none."""
    match = _PAIR.fullmatch(text)
    if match is None:
        return None
    code, signal = int(match[1]), int(match[2])
    return ExitStatus(code, signal) if code < 256 and signal < 128 else None  # noqa: PLR2004 - a byte, and 7 bits
