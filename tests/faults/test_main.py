"""The suite itself runs, small: real Slurm, PostgreSQL, three services, each on a host of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from faults import network

SMALL = ("--messages=80", "--jobs=4", "--kills=3", "--seconds=12", "--only=kills", "--seed=3")
"""Among the three killed are slurmctld and slurmdbd."""


@pytest.mark.slurm
@pytest.mark.postgresql
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(bool(network.possible()), reason=network.possible())
def test_parts_are_killed_and_nothing_is_lost() -> None:
    program = ["/usr/bin/unshare", "--mount", sys.executable, "-m", "faults.main", *SMALL]
    done = subprocess.run(program, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    print(done.stdout)  # noqa: T201
    assert done.returncode == 0, done.stdout + done.stderr
    row = next(line.split() for line in done.stdout.splitlines() if line.startswith("kills "))
    facts_in, facts_out, lost = map(int, row[1:4])
    assert facts_in == facts_out >= 80
    assert lost == 0
