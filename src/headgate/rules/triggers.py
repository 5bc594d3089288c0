"""From events to what rules know of them: the kinds that a rule may name, and what ``trigger`` holds for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from headgate.model.event import JSON, Event, EventKind

NODE_STATE: Final = "slurm.node.state"
"""The pack's trigger for every node whose state changed."""
SENSOR: Final[Mapping[str, str]] = {
    "sensor.up": "slurm.sensor.trigger.up",
    "sensor.down": "slurm.sensor.trigger.down",
    "sensor.triggered": "slurm.sensor.trigger.triggered",
}
"""Kinds of event of the pack's sensor, and the triggers they are."""
UNTIL: Final[Mapping[str, tuple[str, ...]]] = {
    "node.down": ("node.up",),
    "node.draining": ("node.resumed",),
    "node.drained": ("node.resumed",),
    "node.fail": ("node.resumed",),
    "node.not_responding": ("node.responding", "node.up"),
    "node.reserved": ("node.unreserved",),
    "controller.down": ("controller.up",),
    "slurmdbd.down": ("slurmdbd.up",),
    "job.submitted": ("job.started", "job.ended"),
    "job.started": ("job.ended", "job.requeued"),
    "job.suspended": ("job.resumed", "job.ended"),
}
"""Which kinds of event end the state that another one began: what ``for`` waits for."""
_STATES: Final[Mapping[str, str]] = {
    "node.down": "down",
    "node.up": "up",
    "node.draining": "draining",
    "node.drained": "drained",
    "node.resumed": "idle",
    "node.fail": "fail",
}
"""The state that ``slurm.node.state`` names, in the words of the pack's events."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One way in which rules see an event: under which name, and with what."""

    type: str
    payload: Mapping[str, JSON]


def triggers_of(event: Event) -> Iterator[Trigger]:
    """Return every way in which rules see an event."""
    payload = payload_of(event)
    kind = event.kind.value
    yield Trigger(kind, payload)
    if kind in _STATES:
        node = node_of(event)
        yield Trigger(NODE_STATE, {**payload, "hostname": node, "node": node, "state": _STATES[kind]})
    if kind in SENSOR:
        yield Trigger(SENSOR[kind], payload)


def payload_of(event: Event) -> dict[str, JSON]:
    """Return what ``trigger`` is: the event's data and, where these have no such name, what every event has.

    All that every event has is under ``event``, too.
    """
    whole = event.as_json()
    data = dict(event.data)
    whole.pop("data")
    named = {"node": node_of(event)} if kind_is_of_nodes(event.kind.value) else {}
    return {**whole, **named, **data, "event": whole}


def node_of(event: Event) -> str:
    """Return the node an event is about; empty if it is about none."""
    node = event.data.get("node")
    return (
        node if isinstance(node, str) else event.subject.removeprefix("node ") if kind_is_of_nodes(event.kind) else ""
    )


def cluster_of(payload: Mapping[str, JSON]) -> str:
    """Return the cluster of the event whose payload this is; empty if it is of none."""
    event = payload.get("event")
    cluster = event.get("cluster") if isinstance(event, Mapping) else None
    return cluster if isinstance(cluster, str) else ""


def kind_is_of_nodes(kind: str) -> bool:
    """Say whether a kind of event is about one node."""
    return kind.startswith("node.")


def is_named(trigger: str, type_: str) -> bool:
    """Say whether a rule's ``trigger.type`` (``node.down``, ``node.*``) names this one."""
    return trigger == type_ or ("*" in trigger and fnmatchcase(type_, trigger))


def known() -> frozenset[str]:
    """Return every name that a rule may use for its trigger."""
    return frozenset({*(kind.value for kind in EventKind), NODE_STATE, *SENSOR.values()})
