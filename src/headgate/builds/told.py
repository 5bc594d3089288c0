"""What came of something that was asked for, in texts that are fit for a comment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """``outcome``: ``done``, ``refused`` or ``failed``; ``points``: a list."""

    outcome: str
    points: tuple[str, ...]
