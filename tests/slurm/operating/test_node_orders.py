from __future__ import annotations

import pytest

from headgate.model.node import Node, read_node_state
from headgate.slurm.commands.node_updates import NodeKey, NodeOrder
from headgate.slurm.operating.node_orders import DO, DONE, after_order, is_reached, may_reboot, plan, plan_infos


def node(state: str, reason: str = "", **more: object) -> Node:
    read = read_node_state(state)
    assert read is not None
    return Node(name="n1", state=read, reason=reason, reason_user="ops" if reason else "", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "reason", "order", "ours", "force", "done"),
    [
        ("IDLE", "", NodeOrder.DRAIN, False, False, DO),
        ("IDLE+DRAIN", "disk", NodeOrder.DRAIN, True, False, DONE),
        ("IDLE+DRAIN", "cpu", NodeOrder.DRAIN, True, False, DO),
        ("IDLE+DRAIN", "cpu", NodeOrder.DRAIN, False, False, DONE),
        ("IDLE+DRAIN", "cpu", NodeOrder.DRAIN, False, True, DO),
        ("IDLE+DRAIN", "", NodeOrder.DRAIN, False, False, DO),
        ("DOWN", "cpu", NodeOrder.DRAIN, False, False, None),
        ("DOWN", "cpu", NodeOrder.DRAIN, True, False, DO),
        ("IDLE", "left over", NodeOrder.DRAIN, False, False, None),
        ("DOWN", "cpu", NodeOrder.DOWN, False, False, DONE),
        ("IDLE+DRAIN", "cpu", NodeOrder.DOWN, False, False, None),
        ("IDLE+DRAIN", "cpu", NodeOrder.DOWN, False, True, DO),
        ("IDLE", "", NodeOrder.RESUME, False, False, DONE),
        ("IDLE+NOT_RESPONDING", "", NodeOrder.RESUME, False, False, DONE),
        ("MIXED+DRAIN", "disk", NodeOrder.RESUME, True, False, DO),
        ("MIXED+DRAIN", "disk", NodeOrder.RESUME, False, False, None),
        ("MIXED+DRAIN", "disk", NodeOrder.RESUME, False, True, DO),
        ("DOWN", "", NodeOrder.RESUME, False, False, DO),
        ("IDLE+FAIL", "smart", NodeOrder.RESUME, True, False, DO),
        ("IDLE+FAIL", "smart", NodeOrder.UNDRAIN, False, False, DONE),
        ("IDLE", "", NodeOrder.POWER_DOWN, False, False, DO),
    ],
)
def test_what_an_order_means_for_a_node(
    state: str, reason: str, order: NodeOrder, *, ours: bool, force: bool, done: object
) -> None:
    step = plan(node(state, reason), order, "disk", ours=ours, force=force)
    if done is None:
        assert not step.do
        assert step.error is not None
        assert "ops gave it the reason" in step.error
    else:
        assert step == done


def test_long_reason_is_shown_short() -> None:
    error = plan(node("DOWN", "x" * 500), NodeOrder.RESUME, "", ours=False).error
    assert error is not None
    assert len(error) < 250


def test_values_that_a_node_has_are_not_set_again() -> None:
    heavy = node("IDLE", weight=5, comment="c")
    assert plan_infos(heavy, {NodeKey.WEIGHT: "5", NodeKey.COMMENT: "c"}, ours=False) == (DONE, {})
    step, wanted = plan_infos(heavy, {NodeKey.WEIGHT: "6", NodeKey.COMMENT: "c"}, ours=False)
    assert (step, wanted) == (DO, {NodeKey.WEIGHT: "6"})


@pytest.mark.parametrize(
    ("features", "active", "asked", "active_then"),
    [
        ((), (), "a,b", "a,b"),
        (("a", "b"), ("a", "b"), "c", "c"),
        (("a", "b"), ("a",), "a,c", "a"),
        (("a", "b"), (), "a,c", ""),
        (("a",), ("a",), "", ""),
    ],
)
def test_active_features_follow(
    features: tuple[str, ...], active: tuple[str, ...], asked: str, active_then: str
) -> None:
    _, wanted = plan_infos(
        node("IDLE", features=features, active_features=active), {NodeKey.AVAILABLE_FEATURES: asked}, ours=False
    )
    assert wanted == {NodeKey.AVAILABLE_FEATURES: asked, NodeKey.ACTIVE_FEATURES: active_then}


def test_foreign_reason_stays_in_updates_and_reboots() -> None:
    drained = node("IDLE+DRAIN", "disk")
    assert plan_infos(drained, {NodeKey.REASON: "cpu"}, ours=False)[0].error is not None
    assert plan_infos(drained, {NodeKey.REASON: "cpu"}, ours=True) == (DO, {NodeKey.REASON: "cpu"})
    assert may_reboot(drained, ours=False).error is not None
    assert may_reboot(drained, ours=False, force=True) == DO
    assert may_reboot(node("IDLE"), ours=False) == DO


@pytest.mark.parametrize(
    ("before", "order", "after"),
    [
        ("MIXED", NodeOrder.DRAIN, "MIXED+DRAIN"),
        ("MIXED+CLOUD", NodeOrder.DOWN, "DOWN+CLOUD"),
        ("IDLE", NodeOrder.FAIL, "IDLE+FAIL"),
        ("DOWN+DRAIN+FAIL+CLOUD", NodeOrder.RESUME, "IDLE+CLOUD"),
        ("MIXED+DRAIN+FAIL", NodeOrder.UNDRAIN, "MIXED+FAIL"),
        ("IDLE", NodeOrder.POWER_UP, "IDLE"),
    ],
)
def test_what_a_node_would_be(before: str, order: NodeOrder, after: str) -> None:
    facts = after_order(node(before), order, "disk")
    assert facts["state"] == after
    read = read_node_state(after)
    assert read is not None
    assert is_reached(read, order) is (order is not NodeOrder.POWER_UP)
