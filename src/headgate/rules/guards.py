"""What keeps an execution from going on yet: quiet hours, bounds on what is out of service, work on the nodes.

Each guard is a function from values to why it has to wait, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from headgate.model.event import JSON
from headgate.model.hostlist import expand_hosts
from headgate.model.node import Node, NodeFlag
from headgate.model.person import QuietHours
from headgate.rules.rule import Drained, Quiet

_WEEK = 8
_NAMED = 5


class GuardError(Exception):
    """A guard cannot be asked: the nodes it is about are not there, or are not said."""


def quiet_until(quiet: Quiet, now: float, local: tzinfo | None = None) -> float | None:
    """Return when the quiet time that holds this moment ends; None if it is in none. ``local``: the host's zone."""
    zone = ZoneInfo(quiet.zone) if quiet.zone else local
    start = datetime.fromtimestamp(now, zone)
    moment = start if zone is not None else start.astimezone()
    for _ in range(_WEEK * (len(quiet.hours) + 1)):
        over = _over(quiet, moment)
        if over is None:
            return moment.timestamp() if moment is not start and moment.timestamp() > now else None
        moment = over
    return moment.timestamp()


def _over(quiet: Quiet, moment: datetime) -> datetime | None:
    if moment.weekday() in quiet.days:
        return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    ends = (QuietHours(start=start, end=end).over_at(moment) for start, end in quiet.hours)
    return max((end for end in ends if end is not None), default=None)


def nodes_named(value: JSON) -> list[str]:
    """Return the nodes that a parameter names: a hostlist, or a list of them. Raises GuardError."""
    if isinstance(value, list):
        return list(dict.fromkeys(node for one in value for node in nodes_named(one)))
    if value is None or value == "":
        return []
    found = expand_hosts(value) if isinstance(value, str) else None
    if found is None:
        raise GuardError("what should be nodes is no hostlist")
    return found


def drained_enough(
    bound: Drained, targets: Sequence[str], nodes: Sequence[Node], under_way: frozenset[str] = frozenset()
) -> str:
    """Say why no more nodes may be taken out of service now; nothing if they may. Raises GuardError.

    ``under_way``: nodes that are being taken out at this moment.
    """
    out = frozenset(node.name for node in nodes if is_out(node)) | under_way
    wanted = _known(targets, nodes)
    if bound.partition:
        counted = [node for node in nodes if bound.partition in node.partitions]
        return _over_bound(bound, wanted, out, counted)
    if bound.nodes is not None:
        why = _over_bound(Drained(nodes=bound.nodes), wanted, out, nodes)
        if why or bound.percent is None:
            return why
    for partition in sorted({name for node in nodes if node.name in wanted for name in node.partitions}):
        counted = [node for node in nodes if partition in node.partitions]
        why = _over_bound(Drained(percent=bound.percent, partition=partition), wanted, out, counted)
        if why:
            return why
    return ""


def _over_bound(bound: Drained, wanted: frozenset[str], all_out: frozenset[str], counted: Sequence[Node]) -> str:
    most = len(counted)
    if bound.nodes is not None:
        most = min(most, bound.nodes)
    if bound.percent is not None:
        most = min(most, int(len(counted) * bound.percent / 100))
    out = {node.name for node in counted} & all_out
    after = out | {node.name for node in counted if node.name in wanted}
    if len(after) <= most or after == out:
        return ""
    where = f" of {bound.partition}" if bound.partition else ""
    return f"{len(out)} of {len(counted)} nodes{where} are out of service, and {most} may be at a time"


def is_out(node: Node) -> bool:
    """Say whether a node is out of service: down, draining, drained or failing."""
    return node.state.down or bool(node.state.flags & {NodeFlag.DRAIN, NodeFlag.FAIL})


def busy(targets: Sequence[str], nodes: Sequence[Node]) -> str:
    """Say which of the nodes have work; nothing if none has. Raises GuardError."""
    wanted = _known(targets, nodes)
    working = sorted(node.name for node in nodes if node.name in wanted and node.state.working)
    if not working:
        return ""
    more = " …" if len(working) > _NAMED else ""
    return f"{', '.join(working[:_NAMED])}{more} still {'has' if len(working) == 1 else 'have'} work"


def _known(targets: Iterable[str], nodes: Sequence[Node]) -> frozenset[str]:
    wanted = frozenset(targets)
    missing = sorted(wanted - {node.name for node in nodes})
    if missing:
        raise GuardError(f"there is no node {missing[0][:64]}")
    if not wanted:
        raise GuardError("the rule does not say which nodes it is about (headgate.nodes)")
    return wanted
