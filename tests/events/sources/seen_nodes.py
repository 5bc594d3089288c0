"""Nodes as slurmctld shows them and slurmdbd tells of them, and a cluster that answers what a test tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from headgate.errors import SlurmCommandError, SlurmError
from headgate.events.sources.node_changes import Look, NodeChange, first_sight, follow
from headgate.model.node import Node, NodeState, read_node_state
from headgate.model.node_outage import NodeOutage

CLUSTER = "c"


def state(text: str) -> NodeState:
    read = read_node_state(text)
    assert read is not None
    return read


def node(text: str = "IDLE", name: str = "n1", **more: Any) -> Node:
    values: dict[str, Any] = {"partitions": ("main",), "boot_time": 100.0, "slurmd_start_time": 200.0, **more}
    return Node(name=name, state=state(text), **values)


def drained(text: str = "IDLE+DRAIN", at: float = 1005.0, reason: str = "disk", **more: Any) -> Node:
    """Return a node with a reason that was given at a time."""
    return node(text, reason=reason, reason_user="root", reason_time=at, **more)


def outage(
    start: int,
    end: int | None = None,
    text: str = "DOWN",
    reason: str = "disk",
    *,
    name: str = "n1",
    user: str = "root",
) -> NodeOutage:
    return NodeOutage(name, state(text), start, end, reason, user)


def changes(before: Node, after: Node, look: Look = Look(1000.0, 1010.0)) -> list[NodeChange]:  # noqa: B008 - frozen
    return follow(first_sight(before, look.before), after, look)[1]


def kinds(found: list[NodeChange]) -> list[str]:
    return [change.kind.value for change in found]


class ToldNodes:
    """A cluster that shows the nodes and outages it is told to, or fails as it is told to."""

    def __init__(self) -> None:
        self.seen: list[Node] = [node()]
        self.outages: list[NodeOutage] = []
        self.shown_controllers: Mapping[str, bool] = {"head": True}
        self.shown_partitions: dict[str, dict[str, str]] = {"main": {"State": "UP"}}
        self.fails: dict[str, SlurmError] = {}
        self.calls: Counter[str] = Counter()
        self.asked_since: list[float] = []

    def fail(self, *questions: str) -> None:
        """Let these questions fail from now on, and no others."""
        self.fails = {question: SlurmCommandError(f"{question} failed") for question in questions}

    def _count(self, question: str) -> None:
        self.calls[question] += 1
        if question in self.fails:
            raise self.fails[question]

    async def cluster_name(self) -> str:
        return CLUSTER

    async def nodes(self) -> list[Node]:
        self._count("nodes")
        return list(self.seen)

    async def node_outages(self, since: float) -> list[NodeOutage]:
        self._count("outages")
        self.asked_since.append(since)
        return [one for one in self.outages if one.end is None or one.end >= since]

    async def controllers(self) -> Mapping[str, bool]:
        self._count("controllers")
        return self.shown_controllers

    async def partitions(self) -> Mapping[str, Mapping[str, str]]:
        self._count("partitions")
        return self.shown_partitions
