from __future__ import annotations

import pytest

from headgate.model.node import read_node_state
from headgate.model.node_standing import standing_of


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("IDLE", "idle"),
        ("MIXED", "mixed"),
        ("ALLOCATED+COMPLETING", "allocated"),
        ("IDLE+COMPLETING", "idle"),
        ("IDLE+DRAIN", "drained"),
        ("MIXED+DRAIN", "draining"),
        ("DOWN+DRAIN+NOT_RESPONDING", "down"),
        ("DOWN*", "down"),
        ("IDLE*", "not_responding"),
        ("IDLE+FAIL", "failing"),
        ("IDLE+DRAIN+INVALID_REG", "drained"),
        ("IDLE+INVALID_REG", "invalid"),
        ("IDLE+POWERED_DOWN+NOT_RESPONDING", "power"),
        ("MIXED+REBOOT_REQUESTED", "power"),
        ("IDLE+RESERVED", "reserved"),
        ("MIXED+RESERVED", "mixed"),
        ("IDLE+MAINTENANCE+RESERVED", "maintenance"),
        ("IDLE+PLANNED", "idle"),
        ("UNKNOWN", "unknown"),
        ("FUTURE", "unknown"),
    ],
)
def test_a_node_stands_as_what_is_worst_of_its_state(state: str, word: str) -> None:
    read = read_node_state(state)
    assert read is not None
    assert standing_of(read).value == word
