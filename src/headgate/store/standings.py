"""How each source of each service stood when it last said so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from headgate.store import memories

_PREFIX: Final = "source "


@dataclass(frozen=True, slots=True)
class Stored:
    """One source of one service. Times in seconds since the epoch; ``written_at``: when this was written down."""

    name: str
    host: str
    seen_at: float | None
    problem: str
    written_at: float


def keep(connection: Connection, found: Iterable[Stored]) -> None:
    """Write down how sources stand, in place of what was written before."""
    for one in found:
        value = {"seen_at": one.seen_at, "problem": one.problem, "written_at": one.written_at}
        memories.keep(connection, f"{_PREFIX}{one.host} {one.name}", json.dumps(value))


def recall(connection: Connection) -> list[Stored]:
    """Return how every source stood, by name and host."""
    found = []
    for key, value in memories.recall_all(connection, _PREFIX).items():
        host, _, name = key.removeprefix(_PREFIX).partition(" ")
        found.append(Stored(name, host, **json.loads(value)))
    return sorted(found, key=lambda one: (one.name, one.host))
