"""What the node watcher knows of nodes, kept over restarts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from headgate.model.event import JSON
from headgate.store.dialect import insert_new
from headgate.store.tables import nodes


@dataclass(frozen=True, slots=True)
class StoredNode:
    """One node of one cluster. ``data`` is the watcher's own."""

    cluster: str
    name: str
    data: Mapping[str, JSON]


def of_cluster(connection: Connection, cluster: str) -> list[StoredNode]:
    """Return every node of a cluster, by name."""
    query = select(nodes).where(nodes.c.cluster == cluster).order_by(nodes.c.name)
    return [StoredNode(row.cluster, row.name, json.loads(row.data)) for row in connection.execute(query)]


def keep(connection: Connection, changed: Sequence[StoredNode], now: float) -> None:
    """Write what is known of nodes, in place of what was."""
    if not changed:
        return
    statement = insert_new(connection, nodes)
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["cluster", "name"], set_={"data": new.data, "seen_at": new.seen_at}
        ),
        [
            {
                "cluster": node.cluster,
                "name": node.name,
                "data": json.dumps(node.data, separators=(",", ":")),
                "seen_at": now,
            }
            for node in changed
        ],
    )


def forget(connection: Connection, cluster: str, names: Sequence[str]) -> None:
    """Forget nodes that the cluster does not have any more."""
    for start in range(0, len(names), 1000):
        chosen = names[start : start + 1000]
        connection.execute(delete(nodes).where(nodes.c.cluster == cluster, nodes.c.name.in_(chosen)))
