"""What the overview shows: read in one go, put together by cluster."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from headgate.model.capacity import Capacity
from headgate.model.event import EventKind
from headgate.model.execution import ExecutionState
from headgate.model.right import Right
from headgate.model.states import JobState
from headgate.store import capacities, deliveries, job_search, overview
from headgate.store.deliveries import Delivery
from headgate.store.job_search import FoundJob, JobFilter
from headgate.store.overview import Backlog, NodeNews
from headgate.store.standings import Stored
from headgate.web.pages.visitor import Visitor

HOUR: Final = 3600.0
_OWN: Final = 10
_MESSAGES: Final = 8
_NEWS: Final = 12
_BACKLOG_AFTER: Final = 300.0
"""Seconds after which what waits for a connector is trouble."""
_WELL: Final = frozenset({"node.up", "node.resumed", "node.responding", "controller.up", "slurmdbd.up"})
_BAD: Final = frozenset({"node.down", "node.fail", "node.not_responding", "controller.down", "slurmdbd.down"})


@dataclass(frozen=True, slots=True)
class PartitionNow:
    """A partition's jobs that are not over."""

    name: str
    running: int
    pending: int
    other: int


@dataclass(frozen=True, slots=True)
class ClusterNow:
    """A cluster: its nodes, its jobs, and what changed in the last hour."""

    name: str
    capacity: Capacity | None
    partitions: Sequence[PartitionNow]
    failed: int
    """Jobs that failed in the last hour."""
    news: Sequence[NodeNews]

    @property
    def running(self) -> int:
        """Jobs that run."""
        return sum(one.running for one in self.partitions)

    @property
    def pending(self) -> int:
        """Jobs that wait."""
        return sum(one.pending for one in self.partitions)


@dataclass(frozen=True, slots=True)
class ConnectorNow:
    """A connector and what it has to tell."""

    name: str
    kind: str
    backlog: Backlog
    state: str
    """``ok``, ``waiting``, ``failing``, ``gone``: it is not configured (any more)."""


@dataclass(frozen=True, slots=True)
class Automation:
    """Rules and executions that somebody should look at."""

    stopped: Sequence[str] = ()
    waiting: Mapping[ExecutionState, int] = field(default_factory=dict)
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Now:
    """Everything on the page; what a visitor may not see is empty."""

    own: Sequence[FoundJob]
    own_total: int
    messages: Sequence[Message]
    clusters: Sequence[ClusterNow] = ()
    connectors: Sequence[ConnectorNow] = ()
    automation: Automation | None = None
    sources: Sequence[Stored] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message about one of the visitor's jobs."""

    time: float
    title: str
    to: str
    state: str
    why: str


def read_now(connection: Connection, visitor: Visitor, connectors: Mapping[str, str]) -> Now:
    """Read the overview. ``connectors``: those that are configured, name -> kind."""
    now = time.time()
    own = job_search.find(connection, JobFilter(user=visitor.user, open=True), limit=_OWN)
    messages = [_message(one) for one in deliveries.newest_of(connection, visitor.user, _MESSAGES)]
    if not visitor.has(Right.SEE_CLUSTER):
        return Now(own.jobs, own.total, messages)
    return Now(
        own.jobs,
        own.total,
        messages,
        _clusters(connection, now),
        _connectors(connection, now, connectors) if visitor.has(Right.SEE_DELIVERIES) else (),
        _automation(connection, now) if visitor.has(Right.SEE_AUTOMATION) else None,
        overview.troubled_sources(connection, now - HOUR),
    )


def _clusters(connection: Connection, now: float) -> list[ClusterNow]:
    known = capacities.recall(connection)
    jobs = overview.open_jobs(connection)
    failed = overview.failed_since(connection, now - HOUR)
    news = overview.node_news(connection, now - HOUR, _NEWS)
    names = sorted({*known, *jobs, *failed, *(one.cluster for one in news)} - {""})
    return [
        ClusterNow(
            name,
            known.get(name),
            [_partition(partition, states) for partition, states in jobs.get(name, {}).items()],
            failed.get(name, 0),
            [one for one in news if one.cluster == name],
        )
        for name in names
    ]


def _partition(name: str, states: Mapping[str, int]) -> PartitionNow:
    running, pending = states.get(JobState.RUNNING.text, 0), states.get(JobState.PENDING.text, 0)
    return PartitionNow(name, running, pending, sum(states.values()) - running - pending)


def _connectors(connection: Connection, now: float, configured: Mapping[str, str]) -> list[ConnectorNow]:
    found = {one.connector: one for one in overview.backlogs(connection, now - HOUR)}
    return [
        ConnectorNow(name, configured.get(name, ""), known, _state(name, known, configured, now))
        for name, known in (
            (name, found.get(name, Backlog(name, 0, None, 0, 0, 0))) for name in sorted({*configured, *found})
        )
    ]


def _state(name: str, known: Backlog, configured: Mapping[str, str], now: float) -> str:
    if name not in configured:
        return "gone"
    if known.failing or known.dead_lately:
        return "failing"
    late = known.oldest is not None and now - known.oldest > _BACKLOG_AFTER
    return "waiting" if late else "ok"


def _automation(connection: Connection, now: float) -> Automation:
    return Automation(
        overview.stopped_rules(connection),
        overview.waiting_executions(connection),
        overview.failed_executions(connection, now - HOUR),
    )


def _message(one: Delivery) -> Message:
    title = json.loads(one.message).get("title", "") if one.message else ""
    why = ", ".join(
        part for part in (one.reason.value.replace("_", " ") if one.reason else "", one.detail or "") if part
    )
    return Message(one.finished_at or one.created_at, str(title) or one.subject, one.connector, one.state.value, why)


def tone_of(kind: EventKind) -> str:
    """Return how an event about a node is coloured."""
    return "good" if kind in _WELL else "bad" if kind in _BAD else "care"
