"""How long Slurm waits for the hand-off: the whole process, fsync included, beside a bare start of Python.

Both are started in turn, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.report import print_goal, print_machine
from headgate.events.sources.mail.install import DEFAULT_PYTHON, program_text

GOAL = 1.5
"""Times a bare Python."""
_SUBJECT = "Slurm Job_id=4711 Name=train Ended, Run time 01:02:03, COMPLETED, ExitCode 0"
_ENVIRONMENT = {f"SLURM_JOB_VARIABLE_{number}": "a value of usual length" for number in range(50)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the medians and their ratio; return 1 if the ratio misses the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="how often each is started")
    parser.add_argument("--python", type=Path, default=DEFAULT_PYTHON)
    parser.add_argument("--directory", type=Path, default=None, help="where the spool is made, on the disk to measure")
    chosen = parser.parse_args(arguments)
    print_machine(chosen.runs)
    with tempfile.TemporaryDirectory(prefix="headgate-bench-", dir=chosen.directory or "/var/tmp") as made:  # noqa: S108
        bare, hand_off = measure(Path(made), chosen.python, chosen.runs)
    ratio = statistics.median(hand_off) / statistics.median(bare)
    print(f"bare {chosen.python} -I -S -c pass:  {_shown(bare)}")
    print(f"hand-off with fsync:  {_shown(hand_off)}")
    reached = print_goal(f"{ratio:.2f} times a bare start, by the medians (goal: at most {GOAL})", ratio <= GOAL)
    return 0 if reached else 1


def measure(directory: Path, python: Path, runs: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each bare start and of each hand-off."""
    spool, program = directory / "spool", directory / "headgate-mailprog"
    spool.mkdir()
    program.write_text(program_text(spool, python))
    program.chmod(0o755)
    bare: list[float] = []
    hand_off: list[float] = []
    for _ in range(runs):
        bare.append(_seconds([str(python), "-I", "-S", "-c", "pass"], {}))
        hand_off.append(_seconds([str(program), "-s", _SUBJECT, "alice"], _ENVIRONMENT))
    stored = len(list(spool.iterdir()))
    assert stored == runs, f"{stored} records of {runs} calls"
    return bare, hand_off


def _seconds(argv: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(argv, stdin=subprocess.DEVNULL, env=environment, check=True)
    return time.perf_counter() - start


def _shown(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    median, high = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
    spread = f"{ordered[0] * 1000:.1f}-{ordered[-1] * 1000:.1f}"
    return f"{median * 1000:.1f} ms ({spread}), 95 in 100 under {high * 1000:.1f} ms"
