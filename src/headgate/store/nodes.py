"""What the node watcher knows of nodes, kept over restarts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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


class KeptNode(NamedTuple):
    """One node as it is kept: ``text`` is its data as JSON, which whoever looks at thousands need not always read."""

    cluster: str
    name: str
    text: str


def everywhere(connection: Connection, limit: int) -> list[KeptNode]:
    """Return the nodes of all clusters, by cluster and name, at most ``limit``."""
    query = select(nodes.c.cluster, nodes.c.name, nodes.c.data).order_by(nodes.c.cluster, nodes.c.name).limit(limit)
    return [KeptNode(*row) for row in connection.execute(query)]


def one_of(connection: Connection, cluster: str, name: str) -> StoredNode | None:
    """Return one node; None if it is not known."""
    row = connection.execute(select(nodes).where(nodes.c.cluster == cluster, nodes.c.name == name)).first()
    return None if row is None else StoredNode(row.cluster, row.name, json.loads(row.data))


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
