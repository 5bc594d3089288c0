"""What real Slurms printed for the jobs of the contract tests (``tests/slurm/contract/conftest.py``)."""

from __future__ import annotations

from pathlib import Path

MARK = "~0123456789abcdef~"
"""The mark with which the texts were recorded."""
VERSIONS = ("20.11", "22.05", "24.11", "26.05")
_HERE = Path(__file__).parent / "recorded"


def recorded(version: str, command: str) -> str:
    return (_HERE / version / f"{command}.txt").read_bytes().decode("utf-8", "replace")


def recorded_ids(version: str) -> dict[str, int]:
    """The jobs' ids by the names the contract tests give them."""
    lines = recorded(version, "ids").splitlines()
    return {name: int(job_id) for name, job_id in (line.split() for line in lines)}
