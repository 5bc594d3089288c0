"""The places that the navigation leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headgate.model.right import Right
from headgate.web.pages.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the navigation. ``right``: what it takes to be led there; None: to be signed in."""

    name: str
    path: str
    """Below ``/ui``."""
    right: Right | None = None

    def shown_to(self, visitor: Visitor) -> bool:
        """Whether a visitor is led there."""
        return self.right is None or visitor.has(self.right)

    def holds(self, path: str) -> bool:
        """Whether a path lies in this place."""
        below = path.removeprefix("/ui")
        return below == self.path if self.path == "/" else below == self.path or below.startswith(f"{self.path}/")


PLACES: Final = (
    Place("Overview", "/"),
    Place("Jobs", "/jobs"),
    Place("Nodes", "/nodes", Right.SEE_CLUSTER),
    Place("Notifications", "/notifications"),
    Place("Automation", "/automation", Right.SEE_AUTOMATION),
    Place("Builds", "/builds", Right.SEE_BUILDS),
    Place("Administration", "/administration", Right.ADMINISTER),
)
