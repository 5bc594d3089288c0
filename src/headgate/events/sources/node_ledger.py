"""One fact, two witnesses: joins what looks at the nodes saw with what their outages tell. Decided without I/O.

slurmctld shows how a node is now, slurmdbd tells when it came to be so, by the second, and what happened between two
looks; either may come first. So a change that one witness told waits in the ledger for the other. They mean the same
if node and kind are the same and the outage's time lies between the two looks (a second more or less: the clocks of
two hosts): a look sees the last change of a kind before it. A reason's time is better than that where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from headgate.events.sources.node_changes import Look, NodeChange
from headgate.model.event import JSON, Event, EventKind, Source

_SLACK: Final = 1.0
"""Seconds by which the two witnesses may differ."""
_LATE: Final = 60.0
"""Seconds after which outages have been told, as a rule."""
_KEPT: Final = 200
"""Entries of one node that are kept."""
HISTORIC: Final = frozenset(
    {
        EventKind.NODE_DOWN,
        EventKind.NODE_UP,
        EventKind.NODE_DRAINED,
        EventKind.NODE_RESUMED,
        EventKind.NODE_FAIL,
        EventKind.NODE_REASON_CHANGED,
    }
)
"""Kinds that outages can tell, too."""


@dataclass(frozen=True, slots=True)
class Told:
    """A change that was told: by whom, and when it may have been.

    ``since`` and ``until``: the looks between which it was; ``exact``: its time by Slurm's word, as a look saw it;
    ``outage``: its time as an outage tells it, None as long as none did.
    """

    kind: EventKind
    key: str
    since: float
    until: float
    exact: float | None
    seen: bool
    """Whether a look saw it."""
    outage: float | None
    reason: str = ""

    def means(self, at: float, told_until: float) -> bool:
        """Say whether an outage's change of this time may be the same; ``told_until``: how far outages tell.

        As long as they do not tell of the time of the reason that was seen, what they tell is older.
        """
        if self.exact is not None and abs(at - self.exact) <= _SLACK:
            return True
        if self.exact is not None and told_until < self.exact - _SLACK:
            return False
        return self.since - _SLACK <= at <= self.until + _SLACK

    def as_json(self) -> list[JSON]:
        """Return it as it is kept."""
        return [
            self.kind.value, self.key, self.since, self.until, self.exact, self.seen, self.outage, self.reason
        ]  # fmt: skip


@dataclass(slots=True)
class Joined:
    """What follows from one look and what was read of outages: events in their order, and the ledger by node."""

    events: list[Event] = field(default_factory=list)
    told: dict[str, tuple[Told, ...]] = field(default_factory=dict)
    """Of the nodes with a change; those of others stay as they are."""


def event_key(kind: EventKind, cluster: str, name: str, at: float) -> str:
    """Return the key of a change: what, where, and in which second."""
    return f"{kind.value}/{cluster}/{name}/{int(at)}"


def join(
    cluster: str,
    told: Mapping[str, Sequence[Told]],
    looked: Iterable[NodeChange],
    outages: Iterable[NodeChange],
    look: Look,
) -> Joined:
    """Make events of what a look saw and of what outages tell, each fact once; return the ledger with them."""
    seen, read = _by_node(looked), _by_node(outages)
    joined = Joined()
    placed: list[tuple[float, Event]] = []
    for name in dict.fromkeys([*read, *seen]):
        page = _Page(cluster, name, list(told.get(name, ())), look)
        page.enter(seen.get(name, []), read.get(name, []))
        placed += page.events
        joined.told[name] = tuple(page.told[-_KEPT:])
    joined.events = [event for _, event in sorted(placed, key=lambda pair: pair[0])]
    return joined


def prune(told: Sequence[Told], before: float) -> tuple[Told, ...]:
    """Return the entries that an outage read from this time on may still be about."""
    return tuple(entry for entry in told if max(entry.until, entry.outage or 0.0) >= before - _SLACK)


class _Page:
    """The ledger of one node, while entries are made."""

    def __init__(self, cluster: str, name: str, told: list[Told], look: Look) -> None:
        self._cluster = cluster
        self._name = name
        self._look = look
        self._told_until = 0.0
        self.told = told
        self.events: list[tuple[float, Event]] = []

    def enter(self, seen: Sequence[NodeChange], read: Sequence[NodeChange]) -> None:
        """Enter what a look saw and what outages tell; the order of the latter is that of the events."""
        self._told_until = max([self._look.now - _LATE, *(change.at for change in read)])
        known = {(entry.kind, entry.outage) for entry in self.told}
        new = [change for change in read if (change.kind, change.at) not in known]
        for position, entry in enumerate(self.told):
            if entry.outage is None and (match := self._match(entry, new)) is not None:
                new.remove(match)
                self.told[position] = replace(entry, outage=match.at)
                self._write(match, entry.key, match.at, Source.ACCOUNTING)
        pairs: dict[NodeChange, NodeChange] = {}
        alone: list[NodeChange] = []
        for change in seen:
            match = self._other_witness(change, [one for one in new if one not in pairs])
            if match is None and not self._waiting(change):
                alone.append(change)
            elif match is not None:
                pairs[match] = change
        for change in new:
            self._tell(change, pairs.get(change))
        for change in alone:
            if not self._said_already(change, new):
                key = event_key(change.kind, self._cluster, self._name, change.at)
                self._write(change, key, change.at, Source.WATCHER)
                if change.kind in HISTORIC:
                    self.told.append(self._entry(change, key, None))

    def _other_witness(self, change: NodeChange, new: Sequence[NodeChange]) -> NodeChange | None:
        return self._match(self._entry(change, "", None), new)

    def _match(self, entry: Told, new: Sequence[NodeChange]) -> NodeChange | None:
        """Return the outage's change that means the same as what a look saw: nearest to its time, or the last."""
        fitting = [one for one in new if one.kind is entry.kind and entry.means(one.at, self._told_until)]
        exact = entry.exact
        if exact is None or not fitting:
            return fitting[-1] if fitting else None
        return min(reversed(fitting), key=lambda one: max(_SLACK, abs(one.at - exact)))

    def _waiting(self, change: NodeChange) -> bool:
        """Join a change that a look saw with one that an outage told before, if there is one; say whether."""
        wanted = self._entry(change, "", None)
        fitting = [
            position
            for position, entry in enumerate(self.told)
            if not entry.seen and entry.kind is change.kind and entry.outage is not None
            if wanted.means(entry.outage, max(entry.outage, self._told_until))
        ]
        if not fitting:
            return False
        position = fitting[-1]
        entry = self.told[position]
        self.told[position] = replace(entry, seen=True)
        self._write(change, entry.key, entry.outage or change.at, Source.WATCHER)
        return True

    def _tell(self, change: NodeChange, seen: NodeChange | None) -> None:
        """Tell of an outage's change, which a look may have seen, too: that knows more of the node."""
        key = event_key(change.kind, self._cluster, self._name, change.at)
        entry = Told(change.kind, key, change.at, change.at, change.at, False, change.at, change.reason)
        fact = change
        if seen is not None:
            entry = replace(self._entry(seen, key, change.at), reason=change.reason)
            same = seen.reason == change.reason
            own: dict[str, JSON] = {} if same else {"reason": change.reason, "reason_user": change.reason_user}
            fact = replace(change, data={**seen.data, **own})
            self._write(fact, key, change.at, Source.WATCHER)
        self._write(fact, key, change.at, Source.ACCOUNTING)
        self.told.append(entry)

    def _said_already(self, change: NodeChange, new: Sequence[NodeChange]) -> bool:
        """Say whether an outage's change told this reason already: then it is no news that it changed."""
        if change.kind is not EventKind.NODE_REASON_CHANGED or not change.exact:
            return False
        told = [(entry.outage, entry.reason) for entry in self.told if entry.outage is not None]
        told += [(one.at, one.reason) for one in new]
        return any(abs(at - change.at) <= _SLACK and reason == change.reason for at, reason in told)

    def _entry(self, change: NodeChange, key: str, outage: float | None) -> Told:
        since = min(self._look.before, change.at)
        exact = change.at if change.exact else None
        return Told(change.kind, key, since, self._look.now, exact, True, outage, change.reason)

    def _write(self, change: NodeChange, key: str, at: float, source: Source) -> None:
        self.events.append(
            (
                at,
                Event(
                    key=key,
                    kind=change.kind,
                    time=at,
                    subject=f"node {self._name}",
                    source=source,
                    cluster=self._cluster,
                    data={"node": self._name, **change.data},
                ),
            )
        )


def _by_node(changes: Iterable[NodeChange]) -> dict[str, list[NodeChange]]:
    found: dict[str, list[NodeChange]] = {}
    for change in changes:
        found.setdefault(change.node, []).append(change)
    return found
