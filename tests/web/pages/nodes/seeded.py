"""Nodes of a made-up cluster in the store, as the node watcher would have left them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from headgate.events.sources.node_changes import KnownNode
from headgate.events.sources.stored_nodes import Remembered, stored_node
from headgate.model.event import Event, EventKind, Source
from headgate.model.node import Node
from headgate.store import cursors, journal, nodes
from headgate.store.store import Store
from tests.events.sources.seen_nodes import node

CLUSTER: Final = "fake"
HOSTILE: Final = '<script>alert("x")</script> [root@1] ]]> {{7*7}} \u202e'
GIB: Final = 1 << 30


def some_nodes(count: int = 12) -> list[Node]:
    """Return nodes in many states; the second is down, the third drained, for a hostile reason."""
    found = []
    for number in range(1, count + 1):
        text = ("MIXED", "DOWN", "IDLE+DRAIN", "ALLOCATED", "IDLE", "MIXED+DRAIN", "IDLE+NOT_RESPONDING")[
            number % 7 - 1
        ]
        one = node(
            text,
            name=f"n{number}",
            partitions=("main", "gpu") if number % 4 == 0 else ("main",),
            cpus=64,
            cpus_allocated={"MIXED": 20, "ALLOCATED": 64}.get(text.partition("+")[0], 0),
            memory=256 * GIB,
            memory_allocated=64 * GIB if "MIXED" in text else 0,
            tres={"cpu": 64, "gres/gpu": 4} if number % 4 == 0 else {"cpu": 64},
            tres_allocated={"gres/gpu": 1} if number % 4 == 0 else {},
            gres="gpu:a100:4(S:0-1)" if number % 4 == 0 else "",
            features=("zen3", "ib"),
            active_features=("zen3",),
        )
        if "DRAIN" in text or text == "DOWN":
            reason = HOSTILE if number == 3 else "disk 2 fails"
            one = replace(one, reason=reason, reason_user="root", reason_time=time.time() - 3600 * number)
        found.append(one)
    return found


async def seed(store: Store, found: list[Node] | None = None, *, cluster: str = CLUSTER) -> None:
    """Write nodes, that they were looked at now, and what became of the third."""
    now = time.time()
    kept = [stored_node(cluster, Remembered(KnownNode(one))) for one in found or some_nodes()]
    facts = [
        event(EventKind.NODE_DRAINED, now - 3000, reason=HOSTILE, reason_user="root", state="IDLE", flags=["DRAIN"]),
        event(EventKind.NODE_RESUMED, now - 6000, reason="older reason", reason_user="ada", state="IDLE", flags=[]),
    ]

    def work(connection: Connection) -> None:
        nodes.keep(connection, kept, now)
        cursors.advance(connection, "nodes.seen", now)
        journal.append(connection, [replace(fact, cluster=cluster) for fact in facts])

    await store.write(work)


def event(kind: EventKind, at: float, name: str = "n3", **data: object) -> Event:
    """Return an event of a node."""
    return Event(
        key=f"{kind} {name} {at}",
        kind=kind,
        time=at,
        subject=f"node {name}",
        source=Source.WATCHER,
        cluster=CLUSTER,
        data=data,  # type: ignore[arg-type]
    )
