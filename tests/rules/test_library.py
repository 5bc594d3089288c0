"""What the library's rules would do, for events as the watchers write them."""

from __future__ import annotations

import enum
from typing import Any, cast

import pytest

from headgate.actions.catalogue import CATALOGUE
from headgate.model.event import JSON, Event, EventKind, Source
from headgate.rules import rendering
from headgate.rules.complaints import Complaints
from headgate.rules.files import LIBRARY, load
from headgate.rules.matching import Names, compare

NAMES = Names({"trigger_sensor_ip": "10.0.0.1"}, {"ops": "slack:#ops", "reach": "mailto"})
RULES = load(None).rules


class Kind(enum.StrEnum):
    """Kinds of event by name, whoever writes them."""

    DOWN = "node.down"
    DRAINED = "node.drained"
    RESUMED = "node.resumed"
    NOT_RESPONDING = "node.not_responding"
    ENDED = "job.ended"
    SENSOR_UP = "sensor.up"
    TRIGGERED = "sensor.triggered"
    RESERVATION = "reservation.upcoming"


def event(kind: Kind, **data: JSON) -> Event:
    job = 12 if kind is Kind.ENDED else None
    subject = "job 12" if job else f"node {data.get('node', 'n4')}"
    return Event("k", cast(EventKind, kind), 1_800_000_000.0, subject, Source.WATCHER, "alpha", job, data=data)


def asked(ref: str, happened: Event) -> Any:
    """Return what a rule's action is asked for; None if it does not match."""
    match = compare(RULES[ref], happened, NAMES, 1_800_000_000.0)
    if match is None or not match.matches:
        return None
    return rendering.rendered(dict(RULES[ref].plan.steps[0].parameters), NAMES.of(match.trigger.payload))


def test_nothing_in_the_library_is_wrong_or_on() -> None:
    loaded = load(None)
    assert loaded.problems == ()
    assert len(loaded.rules) == len(list(LIBRARY.glob("*.yaml")))
    assert not [rule for rule in loaded.rules.values() if rule.enabled]


def test_the_packs_four_rules_are_there_by_their_names() -> None:
    setup = "slurm.sensor.trigger.setup"
    names = {f"{setup}.{node}.{what}" for node in ("node_down", "node_drain") for what in ("notify", "reset")}
    assert {ref for ref in RULES if ref.startswith("slurm.")} == names


@pytest.mark.parametrize("kind", ["down", "drain"])
def test_the_packs_rules_set_and_reset_the_trigger_of_their_own_kind(kind: str) -> None:
    program = f"/usr/bin/curl -X POST http://10.0.0.1:32000/u-1/node/{kind} -d"
    rule = f"slurm.sensor.trigger.setup.node_{kind}"
    assert asked(f"{rule}.notify", event(Kind.SENSOR_UP, uuid="u-1")) == {"event": kind, "program": program}
    triggered: dict[str, JSON] = {"uuid": "u-1", "class": "node"}
    assert asked(f"{rule}.reset", event(Kind.TRIGGERED, type=kind, **triggered)) == {"event": kind, "program": program}
    other = "drain" if kind == "down" else "down"
    assert asked(f"{rule}.reset", event(Kind.TRIGGERED, type=other, **triggered)) is None


def test_operators_are_told_of_nodes_with_name_and_reason() -> None:
    told = asked("headgate.tell_about_nodes", event(Kind.NOT_RESPONDING, node="n4", reason="{{ 7*7 }} disk"))
    assert (told["to"], told["title"], told["text"]) == (["slack:#ops"], "n4: not responding", "{{ 7*7 }} disk")
    assert asked("headgate.tell_about_nodes", event(Kind.RESUMED, node="n4")) is None


def test_a_node_is_drained_by_its_name() -> None:
    assert asked("headgate.drain_failing_node", event(Kind.DOWN, node="n4", reason="x"))["nodes"] == ["n4"]


def test_only_what_headgate_drained_is_looked_after() -> None:
    ours = event(Kind.DRAINED, node="n4", reason="Headgate: down three times within a day")
    assert asked("headgate.resume_healthy_node", ours) == {"command": "node_health", "arguments": {"node": "n4"}}
    assert asked("headgate.resume_healthy_node", event(Kind.DRAINED, node="n4", reason="bad disk")) is None


def test_a_job_is_put_back_only_after_its_node_failed() -> None:
    ended = event(Kind.ENDED, state="NODE_FAIL")
    assert asked("headgate.requeue_after_node_fail", ended) == {"jobids": [12]}
    assert asked("headgate.requeue_after_node_fail", event(Kind.ENDED, state="FAILED")) is None


def test_the_users_of_a_reservation_are_told() -> None:
    data: dict[str, JSON] = {"reservation": "maint", "begins_in": 86000.0, "nodes": ["n1", "n2"]}
    told = asked("headgate.warn_before_reservation", event(Kind.RESERVATION, users=["ada", "ben"], **data))
    assert told["to"] == ["mailto:ada", "mailto:ben"]
    assert told["title"] == "Reservation maint begins in 23h53m20s"
    assert asked("headgate.warn_before_reservation", event(Kind.RESERVATION, users=[], **data)) is None


@pytest.mark.parametrize("ref", sorted(RULES))
def test_its_actions_take_what_it_asks_for(ref: str) -> None:
    missing = [step.ref for step in RULES[ref].plan.steps if step.ref not in CATALOGUE]
    if missing:
        pytest.skip(f"there is no action {missing[0]} in this Headgate")
    found = [text for _, text in Complaints(CATALOGUE)(RULES[ref]) if "no event is of this kind" not in text]
    assert found == []
