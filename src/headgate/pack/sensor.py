"""The pack's sensor: what StackStorm has to know of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from headgate.pack.actions import PACK
from headgate.pack.documents import document
from headgate.rules.triggers import NODE_STATE, SENSOR

_TEXT: Final = {"type": "string"}
_RUN: Final = {
    "uuid": {**_TEXT, "required": True, "description": "Part of the address that Slurm's triggers are told to."}
}
_TRIGGERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    NODE_STATE: (
        "The state of a node changed.",
        {
            "hostname": {**_TEXT, "required": True, "description": "The node's name."},
            "state": {**_TEXT, "required": True, "description": "down, up, draining, drained, idle or fail."},
            "node": {**_TEXT, "description": "The same as hostname."},
            "reason": {**_TEXT, "description": "Why, if somebody said so."},
            "reason_user": {**_TEXT, "description": "Who said so."},
            "time": {"type": "number", "description": "When, in seconds since the epoch."},
        },
    ),
    SENSOR["sensor.up"]: ("Headgate began to listen for triggers of Slurm's.", _RUN),
    SENSOR["sensor.down"]: ("Headgate listens for triggers of Slurm's no more.", _RUN),
    SENSOR["sensor.triggered"]: (
        "Slurm ran a trigger that was set for that address.",
        {
            **_RUN,
            "class": {**_TEXT, "required": True, "description": "What it is about: node."},
            "type": {**_TEXT, "required": True, "description": "What happened to it, such as down."},
        },
    ),
}
"""What each trigger says, and what it is about; further keys may come."""


def files() -> Iterator[tuple[str, str]]:
    """Return the sensor's metadata; its program is among the files that are copied."""
    metadata = {
        "class_name": "TriggerSensor",
        "entry_point": "trigger_sensor.py",
        "description": "Follows what happens to nodes, by Headgate.",
        "enabled": True,
        "trigger_types": [
            {
                "name": name.removeprefix(f"{PACK}."),
                "description": description,
                "payload_schema": {"type": "object", "properties": properties, "additionalProperties": True},
            }
            for name, (description, properties) in _TRIGGERS.items()
        ],
    }
    yield "sensors/trigger_sensor.yaml", document(metadata)
