"""What a doctor finds."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass


class Level(enum.StrEnum):
    """How bad it is."""

    WELL = "well"
    """As it should be."""
    NOTE = "note"
    """It works, and somebody should look."""
    WRONG = "wrong"
    """It does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``advice`` says what to do; it is empty where all is well, or where ``what`` says it."""

    area: str
    level: Level
    what: str
    advice: str = ""

    @property
    def good(self) -> bool:
        """Whether it works."""
        return self.level is not Level.WRONG

    def as_json(self) -> dict[str, str]:
        """Return it as JSON."""
        return asdict(self)


def well(area: str, what: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(area, Level.WELL, what)


def note(area: str, what: str, advice: str) -> Finding:
    """Return that somebody should look at something."""
    return Finding(area, Level.NOTE, what, advice)


def wrong(area: str, what: str, advice: str = "") -> Finding:
    """Return that something does not work."""
    return Finding(area, Level.WRONG, what, advice)


def tried(area: str, good: bool, what: str, advice: str = "") -> Finding:
    """Return what came of a try; ``advice`` counts only if it is not good."""
    return well(area, what) if good else wrong(area, what, advice)
