"""What a doctor of builds found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. ``says`` is what came of it, or what is wrong and what helps."""

    what: str
    good: bool
    says: str
