from __future__ import annotations

from headgate.events.sources.cluster_changes import (
    KnownCluster,
    controller_events,
    partition_events,
    read_known,
    slurmdbd_event,
)


def test_controller_that_was_never_seen_was_well() -> None:
    assert controller_events("c", {}, {"head": True, "spare": True}, 5.0) == []
    [event] = controller_events("c", {}, {"head": True, "spare": False}, 5.0)
    assert (event.key, event.subject) == ("controller.down/c/spare/5", "controller spare")
    assert event.data == {"host": "spare", "primary": False}


def test_controller_goes_and_comes_back() -> None:
    [down] = controller_events("c", {"head": True}, {"head": False}, 5.0)
    [up] = controller_events("c", {"head": False}, {"head": True}, 9.0)
    assert (down.kind.value, up.kind.value, up.time) == ("controller.down", "controller.up", 9.0)
    assert controller_events("c", {"head": False}, {"head": False}, 12.0) == []


def test_slurmdbd_that_does_not_answer_says_why() -> None:
    event = slurmdbd_event("c", 5.0, answers=False, error="refused")
    assert (event.key, event.subject, event.data) == ("slurmdbd.down/c/slurmdbd/5", "slurmdbd", {"error": "refused"})


def test_partitions_that_were_never_seen_did_not_change() -> None:
    assert partition_events("c", None, {"main": {"State": "UP"}}, 5.0) == []


def test_partitions_are_made_removed_and_changed() -> None:
    before = {"gone": {"State": "UP"}, "main": {"State": "UP", "Nodes": "n[1-2]"}, "same": {"State": "UP"}}
    now = {"main": {"State": "DRAIN", "Nodes": "n[1-2]"}, "new": {"State": "UP"}, "same": {"State": "UP"}}
    found = {event.subject: event.data for event in partition_events("c", before, now, 5.0)}
    assert list(found) == ["partition gone", "partition main", "partition new"]
    assert found["partition main"] == {
        "partition": "main",
        "change": "changed",
        "state": "DRAIN",
        "old_state": "UP",
        "changed": {"State": ["UP", "DRAIN"]},
    }
    assert [data["change"] for data in found.values()] == ["removed", "changed", "made"]
    assert found["partition gone"]["changed"] == {"State": ["UP", None]}


def test_what_is_kept_is_read_back() -> None:
    known = KnownCluster({"head": False}, slurmdbd=True, partitions={"main": {"State": "UP"}})
    assert read_known(known.text()) == known
    assert read_known(None) == KnownCluster()
