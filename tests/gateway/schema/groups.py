"""The operations of the API in three groups, each a file's tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LEAST: Final = 10_000
"""Requests in all."""


@dataclass(frozen=True, slots=True)
class Group:
    """Operations whose paths begin alike. ``least``: how many requests are made to them."""

    name: str
    least: int


SLURMERS: Final = Group("those below /apps, as Slurmer has them", 4000)
JOBS: Final = Group("those below /jobs", 3000)
REST: Final = Group("all others", 3000)
GROUPS: Final = (SLURMERS, JOBS, REST)


def group_of(path: str) -> Group:
    """Return the group an operation belongs to."""
    if path.startswith("/apps"):
        return SLURMERS
    return JOBS if path.startswith("/jobs") else REST
