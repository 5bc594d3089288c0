from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.events.sources.node_changes import KnownNode, Look, first_sight, follow, of_outages, state_kinds
from headgate.model.event import EventKind
from headgate.model.node import NodeBase, NodeFlag, NodeState
from tests.events.sources.seen_nodes import changes, drained, kinds, node, outage, state

STATES = st.builds(NodeState, st.sampled_from(NodeBase), st.frozensets(st.sampled_from(NodeFlag), max_size=4))
LOOK = Look(1000.0, 1010.0)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("IDLE", "IDLE", []),
        ("IDLE", "MIXED", []),
        ("MIXED", "MIXED+DRAIN", ["node.draining"]),
        ("MIXED+DRAIN", "ALLOCATED+DRAIN", []),
        ("MIXED+DRAIN", "IDLE+COMPLETING+DRAIN", []),
        ("MIXED+DRAIN", "IDLE+DRAIN", ["node.drained"]),
        ("IDLE", "IDLE+DRAIN", ["node.drained"]),
        ("MIXED+DRAIN", "MIXED", ["node.resumed"]),
        ("IDLE+DRAIN", "IDLE", ["node.resumed"]),
        ("IDLE", "DOWN", ["node.down"]),
        ("DOWN", "IDLE", ["node.up"]),
        ("IDLE+DRAIN", "DOWN+DRAIN", ["node.down"]),
        ("MIXED+DRAIN", "DOWN+DRAIN", ["node.drained", "node.down"]),
        ("DOWN+DRAIN", "IDLE+DRAIN", ["node.up"]),
        ("DOWN+DRAIN", "DOWN", ["node.resumed"]),
        ("DOWN+DRAIN", "IDLE", ["node.up", "node.resumed"]),
        ("MIXED", "MIXED+FAIL", ["node.fail"]),
        ("IDLE+FAIL", "DOWN+FAIL", ["node.down"]),
        ("IDLE+FAIL", "IDLE+DRAIN", ["node.drained"]),
        ("IDLE+DRAIN", "IDLE+FAIL", ["node.fail"]),
        ("DOWN+FAIL", "IDLE", ["node.up", "node.resumed"]),
        ("IDLE", "IDLE+PLANNED", []),
    ],
)
def test_each_way_of_being_out_of_service_has_its_own_events(before: str, after: str, told: list[str]) -> None:
    assert [kind.value for kind in state_kinds(state(before), state(after))] == told


@given(STATES, STATES)
def test_what_begins_ends_on_the_way_back(one: NodeState, other: NodeState) -> None:
    there, back = set(state_kinds(one, other)), set(state_kinds(other, one))
    assert (EventKind.NODE_DOWN in there) == (EventKind.NODE_UP in back)
    assert not (there & {EventKind.NODE_DRAINED}) or other.drained
    assert not (there & {EventKind.NODE_DRAINING}) or other.draining
    if EventKind.NODE_RESUMED in there:
        assert back & {EventKind.NODE_DRAINING, EventKind.NODE_DRAINED, EventKind.NODE_FAIL}
    assert state_kinds(one, one) == []


@given(st.lists(STATES, min_size=2, max_size=8))
def test_down_and_up_take_turns_whatever_else_changes(states: list[NodeState]) -> None:
    """UNKNOWN is what slurmctld says of a node it has not heard of yet: no change of what the node was."""
    known = first_sight(replace(node(), state=states[0]), 0.0)
    was_down = states[0].down
    for number, one in enumerate(states[1:], start=1):
        known, found = follow(known, replace(node(), state=one), Look(number - 1.0, float(number)))
        told = [kind for kind in kinds(found) if kind in ("node.down", "node.up")]
        is_down = was_down if one.base is NodeBase.UNKNOWN else one.down
        assert told == ([] if is_down == was_down else ["node.down" if is_down else "node.up"])
        was_down = is_down


def test_time_of_a_drain_is_that_of_its_reason() -> None:
    [found] = changes(node("MIXED"), drained("MIXED+DRAIN", at=1004.0))
    assert (found.kind.value, found.at, found.exact) == ("node.draining", 1004.0, True)
    assert found.data["reason"] == "disk"
    assert found.data["reason_user"] == "root"
    assert (found.data["old_state"], found.data["old_flags"]) == ("MIXED", [])
    assert (found.data["state"], found.data["flags"]) == ("MIXED", ["DRAIN"])


def test_time_of_drained_is_that_of_the_end_of_its_last_job() -> None:
    [found] = changes(drained("MIXED+DRAIN", at=900.0), drained(at=900.0, last_busy_time=1007.0))
    assert (found.kind.value, found.at, found.exact) == ("node.drained", 1007.0, False)


def test_resumed_tells_the_reason_that_is_over() -> None:
    [found] = changes(drained(at=900.0), node())
    assert (found.kind.value, found.reason, found.data["reason_time"]) == ("node.resumed", "disk", 900.0)


def test_other_reason_alone_is_told_and_beside_a_drain_it_is_not() -> None:
    [found] = changes(drained(at=900.0), drained(at=1003.0, reason="no, the fan"))
    assert (found.kind.value, found.at, found.exact) == ("node.reason_changed", 1003.0, True)
    assert (found.data["reason"], found.data["old_reason"]) == ("no, the fan", "disk")
    assert kinds(changes(drained(at=900.0), drained("DOWN+DRAIN", at=1003.0, reason="dead"))) == ["node.down"]
    assert changes(drained(at=900.0), drained(at=1003.0)) == []


def test_node_that_is_just_put_back_is_not_called_silent() -> None:
    known, found = follow(first_sight(drained(), 1000.0), node("IDLE+NOT_RESPONDING"), LOOK)
    assert kinds(found) == ["node.resumed"]
    known, found = follow(known, node(), Look(1010.0, 1011.0))
    assert found == []
    assert known.silent_since is None


def test_node_first_seen_while_it_is_put_back_does_not_begin_to_answer() -> None:
    _, found = follow(first_sight(node("IDLE+NOT_RESPONDING"), 1000.0), node(), LOOK)
    assert found == []


def test_silent_node_is_told_once_with_the_time_it_was_first_seen_so() -> None:
    known, found = follow(first_sight(node(), 1000.0), node("IDLE+NOT_RESPONDING"), LOOK)
    assert found == []
    known, found = follow(known, node("IDLE+NOT_RESPONDING"), Look(1010.0, 1020.0))
    assert [(change.kind.value, change.at) for change in found] == [("node.not_responding", 1010.0)]
    known, found = follow(known, node("DOWN+NOT_RESPONDING"), Look(1020.0, 1030.0))
    assert kinds(found) == ["node.down"]
    known, found = follow(known, node(), Look(1030.0, 1040.0))
    assert sorted(kinds(found)) == ["node.responding", "node.up"]
    assert known == KnownNode(node())


def test_node_found_down_and_silent_was_silent_first() -> None:
    assert kinds(changes(node(), node("DOWN+NOT_RESPONDING"))) == ["node.down", "node.not_responding"]


def test_node_that_is_switched_off_is_not_silent() -> None:
    found = changes(node("IDLE"), node("IDLE+NOT_RESPONDING+POWERED_DOWN"), Look(1000.0, 1100.0))
    assert kinds(found) == ["node.power"]


def test_restarted_slurmctld_that_has_heard_of_nobody_changes_nothing() -> None:
    known, found = follow(first_sight(drained("DOWN+DRAIN"), 1000.0), drained("UNKNOWN+DRAIN"), LOOK)
    assert found == []
    assert known.node.state == state("DOWN+DRAIN")
    _, found = follow(known, drained("IDLE+DRAIN"), Look(1010.0, 1020.0))
    assert kinds(found) == ["node.up"]


def test_boot_time_that_wavers_is_no_boot() -> None:
    known, found = follow(first_sight(node(), 1000.0), node(boot_time=101.0, slurmd_start_time=900.0), LOOK)
    assert found == []
    assert known.node.boot_time == 100.0


def test_clock_that_was_put_right_is_no_boot() -> None:
    assert changes(node(), node(boot_time=3700.0)) == []


@pytest.mark.parametrize(("before", "asked"), [("IDLE", False), ("IDLE+REBOOT_ISSUED", True)])
def test_boot_is_told_and_whether_it_was_asked_for(before: str, asked: bool) -> None:
    found = changes(node(before), node(boot_time=990.0, slurmd_start_time=1005.0))
    [boot] = [change for change in found if change.kind is EventKind.NODE_REBOOTED]
    assert (boot.at, boot.data["asked_for"]) == (990.0, asked)


def test_reservation_begins_becomes_another_and_ends() -> None:
    none, one, other = node(), node("IDLE+RESERVED", reservation="a"), node("IDLE+MAINTENANCE", reservation="b")
    assert [(change.kind.value, change.data["reservation"]) for change in changes(none, one)] == [
        ("node.reserved", "a")
    ]
    assert [(change.kind.value, change.data["reservation"]) for change in changes(one, other)] == [
        ("node.reserved", "b")
    ]
    assert [(change.kind.value, change.data["reservation"]) for change in changes(other, none)] == [
        ("node.unreserved", "b")
    ]
    assert changes(one, node("MIXED+RESERVED", reservation="a")) == []


def test_planned_power_changes_are_told_with_their_flags() -> None:
    [found] = changes(node("MIXED"), node("MIXED+REBOOT_REQUESTED"))
    assert (found.kind.value, found.data["old_flags"], found.data["flags"]) == ("node.power", [], ["REBOOT_REQUESTED"])


def test_outages_tell_begin_and_end() -> None:
    found = of_outages([outage(1000, 1000), outage(1001, 1001)], 0.0)
    assert [(change.kind.value, change.at) for change in found] == [
        ("node.down", 1000.0),
        ("node.up", 1000.0),
        ("node.down", 1001.0),
        ("node.up", 1001.0),
    ]


def test_outages_that_follow_each_other_are_one_way_through_states() -> None:
    found = of_outages(
        [
            outage(1000, 1005, "IDLE+DRAIN", "a"),
            outage(1005, 1010, "IDLE+DRAIN", "b"),
            outage(1010, 1020, "DOWN+DRAIN", "b"),
            outage(1020, None, "IDLE+DRAIN", "b"),
        ],
        0.0,
    )
    assert [(change.kind.value, change.at, change.reason) for change in found] == [
        ("node.drained", 1000.0, "a"),
        ("node.reason_changed", 1005.0, "b"),
        ("node.down", 1010.0, "b"),
        ("node.up", 1020.0, "b"),
    ]


def test_begin_of_an_old_outage_is_not_told_again_and_its_end_is() -> None:
    assert kinds(of_outages([outage(10, None)], 1000.0)) == []
    assert kinds(of_outages([outage(10, 1000)], 1000.0)) == ["node.up"]


def test_end_that_may_lead_to_another_outage_is_told_later() -> None:
    """slurmdbd shows that an outage ended a moment before it shows the one that it led to."""
    assert kinds(of_outages([outage(1000, 1005)], 0.0, 1004.0)) == ["node.down"]
    assert kinds(of_outages([outage(1000, 1005)], 0.0, 1005.0)) == ["node.down", "node.up"]
    assert kinds(of_outages([outage(1000, 1005), outage(1006, 1007)], 0.0, 1004.0)) == [
        "node.down", "node.up", "node.down",
    ]  # fmt: skip
