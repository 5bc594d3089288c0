"""What changed between two looks at the nodes, and what their outages tell. Decided without I/O.

A node's state is never made one word: being down, being drained, failing, answering, being reserved and being switched
on or off are told apart, and each has events of its own. "Draining" is the flag DRAIN on a node that still has work.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from headgate.model.event import JSON, EventKind
from headgate.model.node import Node, NodeBase, NodeFlag, NodeState
from headgate.model.node_outage import NodeOutage

_OUT: Final = frozenset({NodeFlag.DRAIN, NodeFlag.FAIL})
_RESERVED: Final = frozenset({NodeFlag.RESERVED, NodeFlag.MAINTENANCE})
_POWER: Final = frozenset(
    {
        NodeFlag.POWERED_DOWN,
        NodeFlag.POWERING_DOWN,
        NodeFlag.POWERING_UP,
        NodeFlag.POWER_DOWN,
        NodeFlag.POWER_DRAIN,
        NodeFlag.POWER_UP,
        NodeFlag.REBOOT_CANCEL,
        NodeFlag.REBOOT_ISSUED,
        NodeFlag.REBOOT_REQUESTED,
    }
)
_SAY_WHY: Final = frozenset({EventKind.NODE_DOWN, EventKind.NODE_DRAINING, EventKind.NODE_DRAINED, EventKind.NODE_FAIL})
"""Their events carry the reason, so that no other has to tell that it changed."""
_END: Final = frozenset({EventKind.NODE_UP, EventKind.NODE_RESUMED})
"""Slurm forgets the reason then; their events carry it once more."""
_BOOT_JITTER: Final = 30.0
"""Seconds by which a boot time may move without a boot: slurmd works it out from the clock, again and again."""
_SILENCE: Final = 5.0
"""Seconds a node has to be silent to be called so: slurmctld calls every node silent that was just put back."""


@dataclass(frozen=True, slots=True)
class KnownNode:
    """What is remembered of a node: how it was seen last, and since when it has been silent, if it is."""

    node: Node
    silent_since: float | None = None
    told_silent: bool = False


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A change of one node, before it is an event.

    ``at`` is when it happened, as well as this witness knows; ``exact``: by Slurm's word for it, that is, when the
    reason was given. It may have been given again later; and a node may be drained a while after it was asked to be.
    """

    kind: EventKind
    node: str
    at: float
    exact: bool
    reason: str
    reason_user: str
    data: Mapping[str, JSON] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Look:
    """When the nodes were looked at, and when before that, in seconds since the epoch."""

    before: float
    now: float


def state_kinds(before: NodeState | None, after: NodeState | None) -> list[EventKind]:
    """Return the kinds of event between two states; None is a node in service, of which nothing else is known."""
    old, new = before or NodeState(NodeBase.IDLE), after or NodeState(NodeBase.IDLE)
    kinds = []
    if new.failing and not old.failing:
        kinds.append(EventKind.NODE_FAIL)
    if new.draining and not old.draining:
        kinds.append(EventKind.NODE_DRAINING)
    if new.drained and not old.drained:
        kinds.append(EventKind.NODE_DRAINED)
    if new.down and not old.down:
        kinds.append(EventKind.NODE_DOWN)
    if old.down and not new.down:
        kinds.append(EventKind.NODE_UP)
    if old.flags & _OUT and not new.flags & _OUT:
        kinds.append(EventKind.NODE_RESUMED)
    return kinds


def first_sight(node: Node, now: float) -> KnownNode:
    """Return what is remembered of a node that was never seen; how it came to be so is not told."""
    silent = _silent(node.state)
    return KnownNode(node, now if silent else None, told_silent=silent and node.state.down)


def follow(known: KnownNode, seen: Node, look: Look) -> tuple[KnownNode, list[NodeChange]]:
    """Return what is remembered of a node now, and what changed since it was seen last."""
    if known.silent_since is None and _alike(known.node, seen):
        return KnownNode(seen), []
    before, after = known.node, _settled(known.node, seen)
    fresh = after.reason_time if _is_fresh(before, after, look) else None
    kinds = state_kinds(before.state, after.state)
    sure = len(_SAY_WHY.intersection(kinds)) == 1  # of two, the reason was given for the later one
    changes = [_of_state(kind, before, after, look, fresh, sure=sure) for kind in kinds]
    if not _SAY_WHY.intersection(kinds) and _other_reason(before, after):
        old: dict[str, JSON] = {"old_reason": before.reason, "old_reason_user": before.reason_user}
        at, exact = (look.now, False) if fresh is None else (fresh, True)
        changes.append(_change(EventKind.NODE_REASON_CHANGED, before, after, at, old, exact=exact))
    changes += _rebooted(before, after)
    changes += _reserved(before, after, look)
    if before.state.flags & _POWER != after.state.flags & _POWER:
        changes.append(_change(EventKind.NODE_POWER, before, after, look.now))
    now_known, heard = _listen(known, before, after, look)
    return now_known, sorted([*changes, *heard], key=lambda change: change.at)


def of_outages(outages: Iterable[NodeOutage], since: float, settled: float = math.inf) -> list[NodeChange]:
    """Return what outages tell of the time since then, in order.

    An outage that begins when another of its node ends is a change from the one to the other. slurmdbd writes the end
    first, so what ended after ``settled``, and seems to be a node's last outage, is told another time.
    """
    by_node: dict[str, list[NodeOutage]] = {}
    for outage in outages:
        by_node.setdefault(outage.node, []).append(outage)
    changes = [one for of_node in by_node.values() for one in _of_one(of_node, settled) if one.at >= since]
    return sorted(changes, key=lambda change: change.at)


def _of_one(outages: Sequence[NodeOutage], settled: float) -> Iterator[NodeChange]:
    ordered = sorted(outages, key=lambda outage: outage.start)
    for before, outage, after in zip([None, *ordered], ordered, [*ordered[1:], None], strict=False):
        yield from _begin(before if before is not None and before.end == outage.start else None, outage)
        if outage.end is not None and (outage.end <= settled if after is None else outage.end != after.start):
            yield from _end(outage, outage.end)


def _begin(previous: NodeOutage | None, outage: NodeOutage) -> Iterator[NodeChange]:
    old = None if previous is None else previous.state
    kinds = state_kinds(old, outage.state)
    said: dict[str, JSON] = {}
    if previous is not None and not _SAY_WHY.intersection(kinds) and previous.reason != outage.reason:
        said = {"old_reason": previous.reason, "old_reason_user": previous.user}
        kinds.append(EventKind.NODE_REASON_CHANGED)
    for kind in kinds:
        more = said if kind is EventKind.NODE_REASON_CHANGED else {}
        yield _of_outage(kind, outage, outage.start, {**_states(old, outage.state), **more})


def _end(outage: NodeOutage, end: int) -> Iterator[NodeChange]:
    for kind in state_kinds(outage.state, None):
        yield _of_outage(kind, outage, end, _states(outage.state, None))


def _of_outage(kind: EventKind, outage: NodeOutage, at: int, data: Mapping[str, JSON]) -> NodeChange:
    said: dict[str, JSON] = {"reason": outage.reason, "reason_user": outage.user}
    return NodeChange(kind, outage.node, float(at), True, outage.reason, outage.user, {**data, **said})


def _settled(before: Node, seen: Node) -> Node:
    """Return a node as it is to be remembered.

    After a restart slurmctld has not heard of a node yet: then it is still what it was. Its boot time stays the one
    that was seen first.
    """
    state, boot = seen.state, seen.boot_time
    if state.base is NodeBase.UNKNOWN:
        silence = before.state.flags & {NodeFlag.NOT_RESPONDING}
        state = replace(state, base=before.state.base, flags=state.flags - {NodeFlag.NOT_RESPONDING} | silence)
    if before.boot_time is not None and (boot is None or abs(boot - before.boot_time) <= _BOOT_JITTER):
        boot = before.boot_time
    return replace(
        seen, state=state, boot_time=boot, slurmd_start_time=seen.slurmd_start_time or before.slurmd_start_time
    )


def _alike(before: Node, seen: Node) -> bool:
    """Say at once of most nodes that nothing changed."""
    return (
        before.state == seen.state
        and seen.state.responding
        and (before.reason, before.reason_user, before.reason_time) == (seen.reason, seen.reason_user, seen.reason_time)
        and (before.boot_time, before.slurmd_start_time) == (seen.boot_time, seen.slurmd_start_time)
        and before.reservation == seen.reservation
    )


def _is_fresh(before: Node, after: Node, look: Look) -> bool:
    """Say whether the reason was given between the two looks."""
    given = after.reason_time
    if given is None or given > look.now + 1:
        return False
    return before.reason_time is None or given > before.reason_time


def _other_reason(before: Node, after: Node) -> bool:
    return bool(after.reason) and (before.reason, before.reason_user) != (after.reason, after.reason_user)


def _of_state(kind: EventKind, before: Node, after: Node, look: Look, fresh: float | None, *, sure: bool) -> NodeChange:
    if kind is EventKind.NODE_DRAINED and before.state.draining:
        idle = after.last_busy_time  # what it had to do ended then
        known = idle is not None and look.before - 1 <= idle <= look.now
        return _change(kind, before, after, idle if known and idle is not None else look.now)
    if kind in _SAY_WHY and fresh is not None:
        return _change(kind, before, after, fresh, exact=sure)
    return _change(kind, before, after, look.now)


def _rebooted(before: Node, after: Node) -> list[NodeChange]:
    """Tell of a boot; a clock that was put right moves the boot time too, but starts no slurmd."""
    if before.boot_time is None or after.boot_time is None or after.boot_time <= before.boot_time:
        return []
    if after.slurmd_start_time == before.slurmd_start_time:
        return []
    asked = bool((before.state.flags | after.state.flags) & {NodeFlag.REBOOT_REQUESTED, NodeFlag.REBOOT_ISSUED})
    more: dict[str, JSON] = {"boot_time": after.boot_time, "old_boot_time": before.boot_time, "asked_for": asked}
    return [_change(EventKind.NODE_REBOOTED, before, after, after.boot_time, more)]


def _reserved(before: Node, after: Node, look: Look) -> list[NodeChange]:
    old, new = before.state.flags & _RESERVED, after.state.flags & _RESERVED
    if not new:
        gone: dict[str, JSON] = {"reservation": before.reservation}
        return [_change(EventKind.NODE_UNRESERVED, before, after, look.now, gone)] if old else []
    if (old, before.reservation) == (new, after.reservation):
        return []
    return [_change(EventKind.NODE_RESERVED, before, after, look.now, {"reservation": after.reservation})]


def _silent(state: NodeState) -> bool:
    """Say whether a node should answer and does not; one that is switched off, or boots, should not."""
    return not state.responding and not state.flags & _POWER


def _listen(known: KnownNode, before: Node, after: Node, look: Look) -> tuple[KnownNode, list[NodeChange]]:
    if not _silent(after.state):
        told = [_change(EventKind.NODE_RESPONDING, before, after, look.now)] if known.told_silent else []
        return KnownNode(after), told
    since = look.now if known.silent_since is None else known.silent_since
    if known.told_silent or (look.now - since < _SILENCE and not after.state.down):
        return KnownNode(after, since, known.told_silent), []
    return KnownNode(after, since, told_silent=True), [_change(EventKind.NODE_NOT_RESPONDING, before, after, since)]


def _change(
    kind: EventKind,
    before: Node,
    after: Node,
    at: float,
    more: Mapping[str, JSON] | None = None,
    *,
    exact: bool = False,
) -> NodeChange:
    why = before if kind in _END and not after.reason else after
    data: dict[str, JSON] = {
        **_states(before.state, after.state),
        "reason": why.reason,
        "reason_user": why.reason_user,
        "reason_time": why.reason_time,
        "partitions": list(after.partitions),
        **(more or {}),
    }
    return NodeChange(kind, after.name, at, exact, why.reason, why.reason_user, data)


def _states(old: NodeState | None, new: NodeState | None) -> dict[str, JSON]:
    return {
        "state": None if new is None else new.base.value,
        "flags": None if new is None else _flags(new),
        "old_state": None if old is None else old.base.value,
        "old_flags": None if old is None else _flags(old),
    }


def _flags(state: NodeState) -> list[JSON]:
    return list(itertools.chain(sorted(flag.value for flag in state.flags), sorted(state.unknown)))
