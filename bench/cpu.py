"""CPU seconds of processes: unlike the time on the clock, they hardly change with what else a machine does."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def of_family(pid: int) -> float:
    """Return the CPU seconds, user and system, of a process and its children, those that have ended too."""
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "stat").read_text(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        # proc(5): "pid (comm) state ppid ..."; utime, stime, cutime and cstime are fields 14 to 17.
        fields = text.rpartition(")")[2].split()
        if entry.name == str(pid):
            total += sum(int(field) for field in fields[11:15])
        elif fields[1] == str(pid):
            total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def of_threads(pid: int) -> float:
    """Return the CPU seconds of a process's threads that live, finer than ``of_family`` does: for what takes little."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9
