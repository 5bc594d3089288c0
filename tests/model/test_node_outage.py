from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.node_outage import node_state_of_number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "DOWN"),
        (514, "IDLE+DRAIN"),
        (513, "DOWN+DRAIN"),
        (8194, "IDLE+FAIL"),
        (8193, "DOWN+FAIL"),
        (2049, "DOWN+NOT_RESPONDING"),
        (517, "MIXED+DRAIN"),
        (1 | 1 << 16 | 1 << 20, "DOWN+REBOOT_ISSUED+REBOOT_REQUESTED"),
        (2 | 1 << 4, "IDLE"),
        (2 | 1 << 31, "IDLE"),
    ],
)
def test_state_is_read_from_its_bits(number: int, text: str) -> None:
    state = node_state_of_number(number)
    assert state is not None
    assert state.text == text


@given(st.integers())
def test_any_number_is_a_state_or_none(number: int) -> None:
    state = node_state_of_number(number)
    assert (state is None) == (number < 0 or number & 15 > 6)
