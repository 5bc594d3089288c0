"""What changed of the cluster itself: its controllers, its slurmdbd, its partitions. Decided without I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import cast

from headgate.model.event import JSON, Event, EventKind, Source

Partitions = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class KnownCluster:
    """What is remembered: host -> whether its slurmctld answered; whether slurmdbd did; the partitions' settings.

    None: not seen yet.
    """

    controllers: Mapping[str, bool] = field(default_factory=dict)
    slurmdbd: bool | None = None
    partitions: Partitions | None = None

    def text(self) -> str:
        """Return it as it is kept."""
        return json.dumps(asdict(self), separators=(",", ":"), sort_keys=True)


def read_known(text: str | None) -> KnownCluster:
    """Read what was kept; nothing, if nothing was."""
    if text is None:
        return KnownCluster()
    kept = json.loads(text)
    return KnownCluster(kept["controllers"], kept["slurmdbd"], kept["partitions"])


def controller_events(cluster: str, before: Mapping[str, bool], now: Mapping[str, bool], at: float) -> list[Event]:
    """Return the events of controllers that went away or came back; one that was never seen was well."""
    events = []
    for host, answers in now.items():
        if before.get(host, True) != answers:
            kind = EventKind.CONTROLLER_UP if answers else EventKind.CONTROLLER_DOWN
            data: dict[str, JSON] = {"host": host, "primary": next(iter(now)) == host}
            events.append(_event(kind, cluster, f"controller {host}", at, data))
    return events


def slurmdbd_event(cluster: str, at: float, *, answers: bool, error: str = "") -> Event:
    """Return the event that slurmdbd went away, or came back."""
    kind = EventKind.SLURMDBD_UP if answers else EventKind.SLURMDBD_DOWN
    data: dict[str, JSON] = {} if answers else {"error": error}
    return _event(kind, cluster, "slurmdbd", at, data)


def partition_events(cluster: str, before: Partitions | None, now: Partitions, at: float) -> list[Event]:
    """Return an event for every partition that was made, removed or set up differently."""
    if before is None:
        return []
    events = []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        change = "made" if old is None else "removed" if new is None else "changed"
        keys = sorted({*(old or {}), *(new or {})})
        differs: dict[str, list[str | None]] = {
            key: [(old or {}).get(key), (new or {}).get(key)]
            for key in keys
            if (old or {}).get(key) != (new or {}).get(key)
        }
        data: dict[str, JSON] = {
            "partition": name,
            "change": change,
            "state": (new or {}).get("State"),
            "old_state": (old or {}).get("State"),
            "changed": cast("JSON", differs),
        }
        events.append(_event(EventKind.PARTITION_CHANGED, cluster, f"partition {name}", at, data))
    return events


def _event(kind: EventKind, cluster: str, subject: str, at: float, data: Mapping[str, JSON]) -> Event:
    key = f"{kind.value}/{cluster}/{subject.rpartition(' ')[2]}/{int(at)}"
    return Event(key, kind, at, subject, Source.WATCHER, cluster, data=data)
