"""Where the value of a setting came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one value came from."""

    source: Literal["default", "file", "environment"]
    place: str = ""
    """The file with its line, or the variable; empty for a default."""
    via: str = ""
    """For a secret that stands elsewhere: where."""

    def __str__(self) -> str:
        """Say it in a few words."""
        place = self.place or self.source
        return f"{place} ({self.via})" if self.via else place
