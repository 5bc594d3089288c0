"""The Debian releases that a package is built for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Release:
    """One release of Debian. ``python``: its version, which the package's environment belongs to."""

    suite: str
    number: int
    python: tuple[int, int]
    slurm: str

    @property
    def python_next(self) -> tuple[int, int]:
        """The first version of Python that the package does not fit."""
        return self.python[0], self.python[1] + 1


RELEASES = {
    release.suite: release
    for release in (Release("bookworm", 12, (3, 11), "22.05"), Release("trixie", 13, (3, 13), "24.11"))
}
"""By the suite's name."""
