"""What each cluster has and how much of it is in use, as its node watcher last saw it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from headgate.model.capacity import Capacity
from headgate.store import memories

_PREFIX: Final = "capacity "


def keep(connection: Connection, cluster: str, seen: Capacity) -> None:
    """Write down what a cluster has, in place of what was written before."""
    memories.keep(connection, f"{_PREFIX}{cluster}", seen.as_json())


def recall(connection: Connection) -> dict[str, Capacity]:
    """Return cluster -> what it has, by name."""
    found = memories.recall_all(connection, _PREFIX)
    return {key.removeprefix(_PREFIX): Capacity.from_json(found[key]) for key in sorted(found)}
