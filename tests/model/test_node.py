from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.node import NodeBase, NodeFlag, NodeState, read_node_state


@pytest.mark.parametrize(
    ("text", "base", "flags"),
    [
        ("IDLE", NodeBase.IDLE, set()),
        ("MIXED+DRAIN", NodeBase.MIXED, {NodeFlag.DRAIN}),
        ("IDLE+CLOUD+DRAIN+POWERED_DOWN", NodeBase.IDLE, {NodeFlag.CLOUD, NodeFlag.DRAIN, NodeFlag.POWERED_DOWN}),
        ("DOWN+NOT_RESPONDING", NodeBase.DOWN, {NodeFlag.NOT_RESPONDING}),
        ("DOWN*+CLOUD", NodeBase.DOWN, {NodeFlag.NOT_RESPONDING, NodeFlag.CLOUD}),
        ("IDLE*+DRAIN", NodeBase.IDLE, {NodeFlag.NOT_RESPONDING, NodeFlag.DRAIN}),
        ("idle~", NodeBase.IDLE, {NodeFlag.POWERED_DOWN}),
        ("MIXED@", NodeBase.MIXED, {NodeFlag.REBOOT_REQUESTED}),
        ("REBOOT^", NodeBase.IDLE, {NodeFlag.REBOOT_REQUESTED, NodeFlag.REBOOT_ISSUED}),
        ("MAINT*", NodeBase.IDLE, {NodeFlag.MAINTENANCE, NodeFlag.NOT_RESPONDING}),
        ("RESERVED+DRAIN", NodeBase.IDLE, {NodeFlag.RESERVED, NodeFlag.DRAIN}),
        ("draining", NodeBase.ALLOCATED, {NodeFlag.DRAIN}),
        ("drained*", NodeBase.IDLE, {NodeFlag.DRAIN, NodeFlag.NOT_RESPONDING}),
        ("IDLE+POWER", NodeBase.IDLE, {NodeFlag.POWERED_DOWN}),
    ],
)
def test_state_is_a_base_and_flags(text: str, base: NodeBase, flags: set[NodeFlag]) -> None:
    assert read_node_state(text) == NodeState(base, frozenset(flags))


@pytest.mark.parametrize("text", ["", "+", "IDLE+", "IDLE DRAIN", "ÜBER", "IDLE+12", "NONSENSE"])
def test_what_is_no_state_is_none(text: str) -> None:
    assert read_node_state(text) is None


def test_flag_of_a_newer_slurm_is_kept() -> None:
    state = read_node_state("IDLE+DRAIN+SPARKLING")
    assert state is not None
    assert state.unknown == {"SPARKLING"}
    assert state.drained
    assert state.text == "IDLE+DRAIN+SPARKLING"


@given(st.sampled_from(NodeBase), st.frozensets(st.sampled_from(NodeFlag)))
def test_every_state_reads_back(base: NodeBase, flags: frozenset[NodeFlag]) -> None:
    state = NodeState(base, flags)
    assert read_node_state(state.text) == state


@pytest.mark.parametrize(
    ("text", "draining", "drained"),
    [
        ("MIXED+DRAIN", True, False),
        ("ALLOCATED+DRAIN", True, False),
        ("IDLE+COMPLETING+DRAIN", True, False),
        ("IDLE+DRAIN", False, True),
        ("DOWN+DRAIN", False, True),
        ("MIXED", False, False),
        ("DOWN", False, False),
    ],
)
def test_draining_is_not_drained(text: str, draining: bool, drained: bool) -> None:
    state = read_node_state(text)
    assert state is not None
    assert (state.draining, state.drained) == (draining, drained)


@pytest.mark.parametrize(
    ("text", "in_service"),
    [
        ("IDLE", True),
        ("ALLOCATED+PLANNED", True),
        ("MIXED+DRAIN", False),
        ("IDLE+FAIL", False),
        ("DOWN", False),
        ("IDLE*", False),
        ("IDLE+INVALID_REG", False),
        ("UNKNOWN", False),
    ],
)
def test_node_in_service_takes_jobs(text: str, in_service: bool) -> None:
    state = read_node_state(text)
    assert state is not None
    assert state.in_service is in_service
