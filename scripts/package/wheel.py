"""Builds the wheel: the same bytes for the same commit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from headgate.testing.cluster import process
from headgate.testing.cluster.errors import ClusterError, CommandError

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 120.0
_EARLIEST = 315532800
"""1980: archives know no earlier time."""


def build(output: Path) -> Path:
    """Build it into a directory and return where it is. Nothing is fetched."""
    before = set(output.glob("headgate-*.whl"))
    argv = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(output.resolve())]
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(moment())},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise CommandError(argv, done.returncode, done.stderr + done.stdout)
    made = set(output.glob("headgate-*.whl")) - before or before
    return max(made, key=lambda path: path.stat().st_mtime_ns)


def moment() -> int:
    """Return the time that everything built is dated with: that of the commit, else of the changelog."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given.isdigit():
        return max(int(given), _EARLIEST)
    try:
        return int(process.run(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]))
    except (ClusterError, ValueError):
        return int((ROOT / "CHANGELOG.md").stat().st_mtime)
