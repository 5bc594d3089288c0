from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model import trace
from headgate.model.event import Event, EventKind, Source

HEX = re.compile(r"[0-9a-f]{32}")


def event(key: str = "node/n1/down/1", **data: object) -> Event:
    return Event(key, EventKind.NODE_DOWN, 1.0, "node n1", Source.WATCHER, data=data)  # type: ignore[arg-type]


def test_the_trace_of_a_fact_follows_from_its_key_wherever_it_is_seen() -> None:
    assert event().trace == event(reason="another witness").trace == trace.of_key("node/n1/down/1")
    assert event().trace != event("node/n1/down/2").trace


def test_what_brought_a_fact_about_gives_it_its_trace() -> None:
    given_ = trace.new()
    assert event().traced(given_).trace == given_
    assert event().traced(None) == event()


@pytest.mark.parametrize("wrong", [7, None, "", "short", "x" * 65, 'new\nline" forged', "-leading-dash", "ünïcödé-id"])
def test_data_that_hold_no_trace_are_not_believed(wrong: object) -> None:
    assert event(trace=wrong).trace == event().trace


@given(st.text())
def test_only_what_may_stand_in_a_log_is_taken_from_others(text: str) -> None:
    taken = trace.read(text)
    assert taken is None or (taken == text and re.fullmatch(r"[A-Za-z0-9._-]{8,64}", text))


@given(st.text())
def test_a_tracing_system_always_gets_an_id_of_its_form(text: str) -> None:
    assert HEX.fullmatch(trace.as_hex(text))
    assert trace.as_hex(text) != "0" * 32


def test_an_id_of_that_form_stays_what_it_is() -> None:
    own = uuid.uuid4()
    assert trace.as_hex(str(own)) == trace.as_hex(own.hex) == own.hex
