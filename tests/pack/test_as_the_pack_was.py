"""The pack's own specification: every action with its parameters and defaults, every trigger, every rule."""

from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from headgate.pack.content import content

FILES = content()
NOT_SAID: Final = object()
"""The page says that there is a default, and not which."""
NONE: Final = None
ACTIONS: Final[dict[str, dict[str, tuple[str, bool, Any]]]] = {
    "config.get": {"item": ("string", False, NONE)},
    "job.find": {"criterias": ("object", True, NONE)},
    "job.get": {"jobids": ("array", True, NONE)},
    "job.step.get": {"jobids": ("array", True, NONE)},
    "node.down": {
        "nodes": ("array", True, NONE),
        "reason": ("string", False, "ST2: Downed using slurm.node.down action"),
    },
    "node.drain": {
        "nodes": ("array", True, NONE),
        "reason": ("string", False, "ST2: Drained using slurm.node.drain action"),
    },
    "node.resume": {"nodes": ("array", True, NONE)},
    "node.get": {"nodes": ("array", True, NONE)},
    "node.reserve": {
        "nodes": ("array", True, NONE),
        "reservation_name": ("string", False, NOT_SAID),
        "props": ("object", False, NONE),
    },
    "node.unreserve": {"nodes": ("array", True, NONE), "reservation_name": ("string", False, NOT_SAID)},
    "node.update": {"nodes": ("array", True, NONE), "infos": ("object", True, NONE)},
    "trigger.set": {
        "program": ("string", True, NONE),
        "jobid": ("string", False, NONE),
        "offset": ("integer", False, 0),
        "fini": ("boolean", False, False),
        "nodes": ("array", False, NONE),
        "event": ("string", False, NONE),
    },
    "trigger.unset": {"trigger_ids": ("array", True, NONE), "user": ("string", False, "slurm")},
}
"""Action -> parameter -> (type, whether it is required, default)."""
PROGRAM = "/usr/bin/curl -X POST http://{{ config_context.trigger_sensor_ip }}:32000/{{ trigger.uuid }}/node/%s -d"
RULES: Final = {
    "node_down.notify": ("slurm.sensor.trigger.up", "down"),
    "node_drain.notify": ("slurm.sensor.trigger.up", "drain"),
    "node_down.reset": ("slurm.sensor.trigger.triggered", "down"),
    "node_drain.reset": ("slurm.sensor.trigger.triggered", "drain"),
}


def metadata(name: str) -> Any:
    return yaml.safe_load(FILES[f"actions/{name.replace('.', '_')}.yaml"])


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_takes_what_it_took(name: str) -> None:
    found = metadata(name)
    assert (found["name"], found["pack"], found["runner_type"]) == (name, "slurm", "python-script")
    parameters = found["parameters"]
    for parameter, (kind, required, default) in ACTIONS[name].items():
        own = parameters[parameter]
        assert (own["type"], own.get("required", False)) == (kind, required), parameter
        assert own["description"]
        if default is NOT_SAID:
            assert own["default"]
        else:
            assert own.get("default") == default, parameter
    assert not [one for one, own in parameters.items() if own.get("required") and one not in ACTIONS[name]]


def test_a_reservation_takes_the_properties_it_took() -> None:
    props = metadata("node.reserve")["parameters"]["props"]
    assert props["properties"].keys() >= {"start_time", "duration", "users", "flags"}
    assert not [one for one in props["properties"].values() if one.get("required")]


def test_the_triggers_have_their_payloads() -> None:
    sensor = yaml.safe_load(FILES["sensors/trigger_sensor.yaml"])
    payloads = {one["name"]: one["payload_schema"]["properties"].keys() for one in sensor["trigger_types"]}
    assert payloads["node.state"] >= {"hostname", "state"}
    assert payloads["sensor.trigger.up"] == payloads["sensor.trigger.down"] == {"uuid"}
    assert payloads["sensor.trigger.triggered"] == {"uuid", "class", "type"}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_does_what_it_did(name: str) -> None:
    trigger, event = RULES[name]
    rule = yaml.safe_load(FILES[f"rules/sensor.trigger.setup.{name}.yaml"])
    assert (rule["name"], rule["pack"]) == (f"sensor.trigger.setup.{name}", "slurm")
    assert rule["trigger"]["type"] == trigger
    assert rule["action"] == {"ref": "slurm.trigger.set", "parameters": {"event": event, "program": PROGRAM % event}}
    criteria = {} if trigger.endswith(".up") else {"trigger.class": "node", "trigger.type": event}
    assert {key: one["pattern"] for key, one in rule.get("criteria", {}).items()} == criteria
    assert all(one["type"] in ("eq", "equals") for one in rule.get("criteria", {}).values())
