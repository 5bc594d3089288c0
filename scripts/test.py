"""``./dev test``: run the tests as CI does.

./dev test                       everything; the Slurm contract on Debian 12's Slurm
./dev test --slurm 24.11         only the Slurm contract, on that version
./dev test --slurm all           everything; the Slurm contract on every version
./dev test [PYTEST ARGUMENTS]    what pytest is told, as in: ./dev test tests/store -k journal
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

VERSIONS = ("20.11", "22.05", "24.11", "26.05")
DEFAULT = "22.05"
LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")
UNSTEADY_MOST = 10
"""Failures that may be an accident; with more of them there is no second try."""


def main() -> int:
    """Run pytest; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="./dev test", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--slurm", choices=[*VERSIONS, "all"], default=DEFAULT)
    known, arguments = parser.parse_known_args()
    if known.slurm == "all" or (known.slurm != DEFAULT and os.geteuid() == 0):
        build = [version for version in VERSIONS if version != DEFAULT and known.slurm in (version, "all")]
        subprocess.run([sys.executable, "-m", "headgate.testing.chroot", *build], check=True)
    command = [sys.executable, "-m", "pytest", f"--slurm={known.slurm}"]
    if known.slurm not in ("all", DEFAULT):
        command += ["-m", "contract"]
    if arguments:
        return subprocess.run([*command, *arguments], check=False).returncode
    LAST_FAILED.unlink(missing_ok=True)
    status = subprocess.run([*command, "-n", "2", "--dist", "loadfile"], check=False).returncode
    return again_alone(command) if status == pytest.ExitCode.TESTS_FAILED else status


def again_alone(command: Sequence[str]) -> int:
    """Run the tests that failed once more, one at a time, and name those that pass now; return pytest's exit status.

    Real clusters and services by the dozen on two cores keep each other waiting. A test that fails beside others and
    passes alone is unsteady, and is said to be; one that fails twice fails. Many failures are no accident: they stay.
    """
    failed = sorted(json.loads(LAST_FAILED.read_text())) if LAST_FAILED.exists() else []
    if not 0 < len(failed) <= UNSTEADY_MOST:
        return pytest.ExitCode.TESTS_FAILED
    print(f"\n{len(failed)} failed beside others. Each once more, alone:\n", flush=True)
    status = subprocess.run([*command, "--last-failed", "--last-failed-no-failures=none"], check=False).returncode
    if status == pytest.ExitCode.OK:
        print("\nUNSTEADY: these failed beside others and passed alone. Look for the race:")
        print("\n".join(f"  {name}" for name in failed), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
