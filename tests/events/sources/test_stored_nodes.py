from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.events.sources.node_changes import KnownNode
from headgate.events.sources.node_ledger import Told
from headgate.events.sources.stored_nodes import Remembered, matters, remembered, stored_node
from headgate.model.event import EventKind
from headgate.model.node import NodeBase, NodeFlag, NodeState
from headgate.store.nodes import StoredNode
from tests.events.sources.seen_nodes import drained, node, state

TIMES = st.none() | st.floats(0, 2e9, allow_nan=False)
TOLD = st.builds(
    Told,
    kind=st.sampled_from(EventKind),
    key=st.text(),
    since=st.floats(0, 2e9),
    until=st.floats(0, 2e9),
    exact=TIMES,
    seen=st.booleans(),
    outage=TIMES,
    reason=st.text(),
)
STATES = st.builds(NodeState, st.sampled_from(NodeBase), st.frozensets(st.sampled_from(NodeFlag), max_size=4))


@given(STATES, st.text(), TIMES, st.booleans(), st.lists(TOLD, max_size=3))
def test_what_is_kept_is_read_back(
    is_now: NodeState, reason: str, at: float | None, told_silent: bool, told: list[Told]
) -> None:
    known = KnownNode(replace(node(), state=is_now, reason=reason, reason_time=at), at, told_silent)
    one = Remembered(known, tuple(told))
    kept = stored_node("c", one)
    assert remembered(StoredNode("c", kept.name, json.loads(json.dumps(kept.data)))) == one


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("IDLE", "MIXED", False),
        ("MIXED", "IDLE+COMPLETING", False),
        ("IDLE", "IDLE+PLANNED", False),
        ("IDLE", "DOWN", True),
        ("MIXED+DRAIN", "IDLE+DRAIN", True),
        ("IDLE", "IDLE+RESERVED", True),
    ],
)
def test_nodes_are_not_written_for_every_job_they_get(before: str, after: str, kept: bool) -> None:
    one, other = (Remembered(KnownNode(replace(node(), state=state(text)))) for text in (before, after))
    assert matters(one, other) is kept


def test_other_reason_is_written() -> None:
    assert matters(Remembered(KnownNode(drained())), Remembered(KnownNode(drained(reason="x"))))
    assert not matters(Remembered(KnownNode(drained())), Remembered(KnownNode(drained(cpu_load=3.0))))
