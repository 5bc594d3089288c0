from __future__ import annotations

import time

import click
import pytest

from headgate.cli.me.words import Only, Quiet, Span
from headgate.model.message import Outcome
from headgate.model.person import FAILURES
from headgate.model.person_words import filter_words, preference_words


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("22:00-07:00", {"start": 1320, "end": 420}),
        ("0:00 - 23:59", {"start": 0, "end": 1439}),
        ("OFF", {}),
    ],
)
def test_quiet_hours_are_read(text: str, hours: dict[str, int]) -> None:
    assert Quiet().convert(text, None, None) == hours


@pytest.mark.parametrize("text", ["", "22-7", "24:00-07:00", "22:60-07:00", "22:00-22:00", "22:00", "x:00-y:00", "-"])
def test_what_is_no_quiet_hours_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="should be like 22:00-07:00"):
        Quiet().convert(text, None, None)


def test_spans_are_read_and_off_only_where_it_means_something() -> None:
    assert Span().convert("90m", None, None) == 5400.0
    assert Span(off=True).convert("off", None, None) == -1.0
    with pytest.raises(click.BadParameter, match="such as 90m"):
        Span().convert("off", None, None)


def test_outcomes_are_read() -> None:
    assert Only().convert("all", None, None) == []
    assert Only().convert("failures", None, None) == sorted(outcome.value for outcome in FAILURES)
    assert Only().convert("failed, timed-out", None, None) == ["failed", "timed out"]
    with pytest.raises(click.BadParameter, match="out-of-memory"):
        Only().convert("failed,splendid", None, None)


def test_every_outcome_can_be_named() -> None:
    words = ",".join(outcome.value.replace(" ", "-") for outcome in Outcome)
    assert len(Only().convert(words, None, None)) == len(Outcome)


def test_a_mute_that_is_over_is_not_told() -> None:
    assert preference_words({"muted_until": time.time() - 10}) == []


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({}, "every end"),
        ({"starts": True}, "every end and every start"),
        ({"failures": True}, "failures"),
        ({"longer_than": 90.0, "partitions": ["a", "b"]}, "jobs that ran for 1 min 30 s or longer, in a, b"),
    ],
)
def test_subscriptions_are_told_in_words(chosen: dict[str, object], words: str) -> None:
    assert filter_words(chosen) == words
