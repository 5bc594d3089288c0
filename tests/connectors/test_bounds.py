from __future__ import annotations

import math
import re

import pytest

from headgate.connectors.bounds import Bounds, within
from headgate.model.message import Bar, LogTail, Message, Outcome
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message

STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def test_a_modest_message_stays_as_it_is() -> None:
    message = Message(title="Failed: job 1", outcome=Outcome.FAILED, time=1.5, summary="s", hints=("h",))
    assert within(message, Bounds()) == message


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_becomes_clean_lines(name: str) -> None:
    bounded = within(hostile_message(HOSTILE[name]), Bounds())
    for text in texts(bounded):
        assert not STEERING.search(text)
        assert len(text) <= Bounds().url
        text.encode()


def test_what_is_left_out_is_said() -> None:
    bounded = within(crowded_message(500), Bounds())
    assert len(bounded.facts) == Bounds().facts
    assert "460 more facts left out of this message." in bounded.notes
    assert "100 more messages left out of this message." in bounded.notes


def test_a_log_keeps_its_last_lines() -> None:
    log = LogTail(path="/out", lines=tuple(f"line {number}" for number in range(500)))
    message = Message(title="t", outcome=Outcome.FAILED, time=0, log=log)
    bounded = within(message, Bounds(log_lines=3))
    assert bounded.log is not None
    assert bounded.log.lines == ("line 497", "line 498", "line 499")


@pytest.mark.parametrize("fraction", [math.nan, math.inf, -math.inf, -1.0, 1e300])
def test_fractions_become_numbers_that_can_be_drawn(fraction: float) -> None:
    message = Message(title="t", outcome=Outcome.FAILED, time=0, bars=(Bar(label="l", fraction=fraction, text=""),))
    assert 0 <= within(message, Bounds()).bars[0].fraction <= 1000


@pytest.mark.parametrize("time", [math.nan, math.inf, -5.0, 1e300])
def test_times_become_dates_that_can_be_written(time: float) -> None:
    bounded = within(Message(title="t", outcome=Outcome.FAILED, time=time), Bounds())
    assert 0 <= bounded.time < 253402300800


def texts(message: Message) -> list[str]:
    """Return every text in a message."""
    found: list[str] = []

    def collect(value: object) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            for item in value.values():
                collect(item)
        elif isinstance(value, list | tuple):
            for item in value:
                collect(item)

    collect(message.model_dump())
    return found
