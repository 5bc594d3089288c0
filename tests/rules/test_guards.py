"""Guards, each as a function of values."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from headgate.model.node import Node, read_node_state
from headgate.rules.guards import GuardError, busy, drained_enough, nodes_named, quiet_until
from headgate.rules.rule import Drained, Quiet

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = (22 * 60, 6 * 60)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        (Quiet(hours=(NIGHT,)), "2027-01-13T12:00", None),
        (Quiet(hours=(NIGHT,)), "2027-01-13T21:59", None),
        (Quiet(hours=(NIGHT,)), "2027-01-13T22:00", "2027-01-14T06:00"),
        (Quiet(hours=(NIGHT,)), "2027-01-14T05:59", "2027-01-14T06:00"),
        (Quiet(hours=(NIGHT,)), "2027-01-14T06:00", None),
        (Quiet(hours=(NIGHT, (6 * 60, 8 * 60))), "2027-01-13T23:00", "2027-01-14T08:00"),
        (Quiet(days=frozenset({5, 6})), "2027-01-15T23:59", None),
        (Quiet(days=frozenset({5, 6})), "2027-01-16T00:00", "2027-01-18T00:00"),
        (Quiet(hours=(NIGHT,), days=frozenset({5, 6})), "2027-01-15T23:00", "2027-01-18T06:00"),
        (Quiet(hours=(NIGHT,)), "2027-03-28T01:30", "2027-03-28T06:00"),
        (Quiet(), "2027-01-13T12:00", None),
    ],
)
def test_quiet_time_ends_when_all_that_holds_it_has_ended(quiet: Quiet, now: str, until: str | None) -> None:
    zoned = quiet.model_copy(update={"zone": "Europe/Berlin"})
    assert quiet_until(zoned, at(now)) == (None if until is None else at(until))


def cluster(states: dict[str, str]) -> list[Node]:
    found = []
    for name, text in states.items():
        state = read_node_state(text)
        assert state is not None
        found.append(Node(name=name, state=state, partitions=("gpu", "all") if name.startswith("g") else ("all",)))
    return found


NODES = cluster(
    {"g1": "IDLE", "g2": "MIXED+DRAIN", "n1": "IDLE", "n2": "DOWN", "n3": "ALLOCATED", "n4": "IDLE+FAIL", "n5": "IDLE"}
)


@pytest.mark.parametrize(
    ("bound", "targets", "may"),
    [
        (Drained(nodes=4), ["n1"], True),
        (Drained(nodes=3), ["n1"], False),
        (Drained(nodes=3), ["n2"], True),
        (Drained(nodes=4), ["n1", "n5"], False),
        (Drained(nodes=1, partition="gpu"), ["g1"], False),
        (Drained(nodes=2, partition="gpu"), ["g1"], True),
        (Drained(percent=50, partition="gpu"), ["g1"], False),
        (Drained(percent=60), ["n1"], True),
        (Drained(percent=60), ["g1"], False),
        (Drained(percent=100), ["g1"], True),
        (Drained(nodes=7, percent=10), ["n1"], False),
    ],
)
def test_no_more_nodes_than_may_be_are_out_of_service(bound: Drained, targets: list[str], may: bool) -> None:
    assert (drained_enough(bound, targets, NODES) == "") is may


def test_nodes_that_are_being_drained_count_as_drained() -> None:
    assert drained_enough(Drained(nodes=4), ["n1"], NODES) == ""
    assert drained_enough(Drained(nodes=4), ["n1"], NODES, frozenset({"n5"})) != ""


def test_nodes_with_work_are_named() -> None:
    assert busy(["g2", "n1", "n3"], NODES) == "g2, n3 still have work"
    assert busy(["n1", "n2"], NODES) == ""


@pytest.mark.parametrize("targets", [["n9"], []])
def test_nodes_that_are_not_there_or_not_said_are_a_mistake(targets: list[str]) -> None:
    for ask in (busy, lambda names, nodes: drained_enough(Drained(nodes=1), names, nodes)):
        with pytest.raises(GuardError):
            ask(targets, NODES)


def test_nodes_are_named_by_hostlists_and_lists_of_them() -> None:
    assert nodes_named(["n[1-3]", "n2", "g1"]) == ["n1", "n2", "n3", "g1"]
    assert nodes_named(None) == nodes_named("") == nodes_named([]) == []
    for wrong in ("n[1-", "n1;rm", 5, {"a": 1}, "n[1-99999999]"):
        with pytest.raises(GuardError):
            nodes_named(wrong)  # type: ignore[arg-type]
