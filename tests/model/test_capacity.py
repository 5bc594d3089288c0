from __future__ import annotations

import json

import pytest

from headgate.model.capacity import Capacity, capacity_of
from headgate.model.node import Node, NodeBase, NodeState, read_node_state


def node(state: str, **more: object) -> Node:
    return Node(name="n", state=read_node_state(state) or NodeState(NodeBase.UNKNOWN), **more)  # type: ignore[arg-type]


def test_nodes_are_counted_by_state_and_what_they_have_is_summed() -> None:
    nodes = [
        node("IDLE", cpus=8, memory=100),
        node("MIXED", cpus=8, cpus_allocated=3, memory=100, memory_allocated=40),
        node("IDLE+DRAIN", cpus=4),
        node("ALLOCATED+DRAIN", cpus=4, cpus_allocated=4),
        node("IDLE+NOT_RESPONDING"),
        node("DOWN+DRAIN+NOT_RESPONDING"),
    ]
    assert capacity_of(nodes, 7.0) == Capacity(
        7.0, {"idle": 1, "mixed": 1, "drained": 1, "draining": 1, "not_responding": 1, "down": 1},
        cpus=24, cpus_allocated=7, memory=200, memory_allocated=40,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"tres": {"gres/gpu": 4, "gres/gpu:a100": 4}, "tres_allocated": {"gres/gpu": 1}}, (4, 1)),
        ({"gres": "gpu:a100:2(S:0-1),gpu:v100:1,nvme:3", "gres_used": "gpu:a100:1(IDX:0),gpu:v100:0"}, (3, 1)),
        ({"gres": "gpu:4", "gres_used": "gpu:2"}, (4, 2)),
        ({"gres": "fpga:2"}, (0, 0)),
        ({"gres": "", "gres_used": ""}, (0, 0)),
    ],
)
def test_gpus_are_counted_with_accounting_and_without(more: dict[str, object], expected: tuple[int, int]) -> None:
    found = capacity_of([node("IDLE", **more)], 1.0)
    assert (found.gpus, found.gpus_allocated) == expected


def test_it_is_read_back_also_from_a_newer_program() -> None:
    known = Capacity(7.0, {"idle": 2}, cpus=3)
    newer = {**json.loads(known.as_json()), "licences": 5}
    assert Capacity.from_json(json.dumps(newer)) == known


def test_the_worst_is_named_first() -> None:
    assert Capacity(1.0, {"idle": 5, "down": 1, "drained": 2}).standings == [("down", 1), ("drained", 2), ("idle", 5)]
