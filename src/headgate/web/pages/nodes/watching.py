"""Whether the nodes are watched, and when they were looked at last."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from headgate.store import cursors, standings
from headgate.web.pages.site import Site

_SOURCE = "nodes"


@dataclass(frozen=True, slots=True)
class Watching:
    """How the watching of one cluster's nodes stands. ``cluster``: its name in the settings; empty: the default."""

    cluster: str
    seen_at: float | None
    problem: str


def watching(connection: Connection, site: Site) -> list[Watching]:
    """Return how the watching of each cluster's nodes stands; nothing where the settings switch it off."""
    if not site.settings.nodes.enabled:
        return []
    told: dict[str, tuple[float, str]] = {}
    for one in standings.recall(connection):
        if one.name == _SOURCE or one.name.startswith(f"{_SOURCE} "):
            name = one.name.removeprefix(_SOURCE).strip()
            told[name] = max(told.get(name, (0.0, "")), (one.written_at, one.problem))
    return [
        Watching(name, cursors.read(connection, f"nodes.seen {name}".strip()), told.get(name, (0.0, ""))[1])
        for name in site.clusters or [""]
    ]
