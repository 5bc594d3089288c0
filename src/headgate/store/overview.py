"""What the overview counts: jobs that are not over, what changed lately, what is in trouble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, literal_column, select, union_all

from headgate.model.delivery import DeliveryState
from headgate.model.event import EventKind
from headgate.model.execution import ExecutionState
from headgate.store import deliveries, standings
from headgate.store.job_search import FAILED
from headgate.store.standings import Stored
from headgate.store.tables import deliveries as owed
from headgate.store.tables import events, executions, jobs, rules

_OPEN: ColumnElement[bool] = literal_column("jobs.open")
_WAITS: ColumnElement[bool] = literal_column(
    "executions.state IN ('holding', 'approval', 'waiting', 'running', 'asking')"
)
_NODE_KINDS = tuple(kind.value for kind in EventKind if kind.value.startswith(("node.", "controller.", "slurmdbd.")))


@dataclass(frozen=True, slots=True)
class NodeNews:
    """The newest event of a kind about a node."""

    cluster: str
    kind: EventKind
    subject: str
    time: float


def open_jobs(connection: Connection) -> dict[str, dict[str, dict[str, int]]]:
    """Return cluster -> partition -> Slurm's word -> jobs that are not over; tasks that wait together count as one."""
    query = select(jobs.c.cluster, jobs.c.partition, jobs.c.state, func.count()).where(_OPEN)
    found: dict[str, dict[str, dict[str, int]]] = {}
    groups = query.group_by(jobs.c.cluster, jobs.c.partition, jobs.c.state).order_by(jobs.c.cluster, jobs.c.partition)
    for cluster, partition, state, count in connection.execute(groups):
        found.setdefault(cluster, {}).setdefault(partition, {})[state] = count
    return found


def failed_since(connection: Connection, since: float) -> dict[str, int]:
    """Return cluster -> jobs that did not do what they were asked, of those that changed since a time."""
    state = jobs.c.state.concat("")  # so that what changed lately is looked through, and not all that ever failed
    query = select(jobs.c.cluster, func.count()).where(jobs.c.seen_at >= since, state.in_(FAILED), ~_OPEN)
    return {row[0]: row[1] for row in connection.execute(query.group_by(jobs.c.cluster))}


def node_news(connection: Connection, since: float, limit: int) -> list[NodeNews]:
    """Return the newest events about nodes and controllers written since a time, newest first."""
    columns = (events.c.id, events.c.cluster, events.c.kind, events.c.subject, events.c.time, events.c.recorded_at)
    newest = [
        select(select(*columns).where(events.c.kind == kind).order_by(events.c.id.desc()).limit(limit).subquery())
        for kind in _NODE_KINDS
    ]
    found = union_all(*newest).subquery()
    query = select(found.c.cluster, found.c.kind, found.c.subject, found.c.time).where(found.c.recorded_at >= since)
    rows = connection.execute(query.order_by(found.c.id.desc()).limit(limit))
    return [NodeNews(row[0], EventKind(row[1]), row[2], row[3]) for row in rows]


@dataclass(frozen=True, slots=True)
class Backlog:
    """A connector: what it still has to tell, since when, and what it gave up."""

    connector: str
    open: int
    oldest: float | None
    """When the oldest that still has to be told was owed."""
    failing: int
    """How many of these have failed at least once."""
    dead: int
    dead_lately: int


def backlogs(connection: Connection, since: float) -> list[Backlog]:
    """Return every connector that has something to tell, or gave something up; ``since``: what counts as lately."""
    c = owed.c
    counted: dict[str, dict[str, int]] = {}
    for (connector, state), count in deliveries.backlog(connection).items():
        counted.setdefault(connector, {})[state] = count
    open_states = [state.value for state in DeliveryState if state.open]
    query = select(c.connector, func.min(c.created_at), func.count(c.reason)).where(c.state.in_(open_states))
    waiting = {row[0]: (row[1], row[2]) for row in connection.execute(query.group_by(c.connector))}
    lately = select(c.connector, func.count()).where(c.finished_at >= since, c.state == DeliveryState.DEAD.value)
    died = {row[0]: row[1] for row in connection.execute(lately.group_by(c.connector))}
    return [
        Backlog(
            name,
            sum(count for state, count in states.items() if state != DeliveryState.DEAD.value),
            waiting.get(name, (None, 0))[0],
            waiting.get(name, (None, 0))[1],
            states.get(DeliveryState.DEAD.value, 0),
            died.get(name, 0),
        )
        for name, states in sorted(counted.items())
    ]


def stopped_rules(connection: Connection) -> list[str]:
    """Return the rules that Headgate stopped, by name."""
    return list(connection.execute(select(rules.c.ref).where(rules.c.stopped != "").order_by(rules.c.ref)).scalars())


def waiting_executions(connection: Connection) -> Mapping[ExecutionState, int]:
    """Return how many executions of rules are not over, by state."""
    query = select(executions.c.state, func.count()).where(_WAITS).group_by(executions.c.state)
    return {ExecutionState(row[0]): row[1] for row in connection.execute(query)}


def failed_executions(connection: Connection, since: float) -> int:
    """Return how many executions of rules failed since a time."""
    chosen = (executions.c.finished_at >= since, executions.c.state == ExecutionState.FAILED.value)
    return connection.execute(select(func.count()).where(*chosen)).scalar_one()


def troubled_sources(connection: Connection, since: float) -> Sequence[Stored]:
    """Return the sources that said since a time that something is wrong."""
    return [one for one in standings.recall(connection) if one.problem and one.written_at >= since]
