from __future__ import annotations

import pytest

from headgate.model.spans import read_span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2h", 7200.0),
        ("90m", 5400.0),
        ("90 min", 5400.0),
        ("1d12h", 129600.0),
        ("1 h 30 minutes", 5400.0),
        ("1W", 604800.0),
        (" 30s ", 30.0),
        ("2 days", 172800.0),
    ],
)
def test_spans_are_read_as_people_say_them(text: str, seconds: float) -> None:
    assert read_span(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "h", "2", "2x", "-2h", "2h off", "٢h", "1e9h", "2hours2", "9999999h", "inf", "2hin"]
)
def test_what_is_no_span_is_none(text: str) -> None:
    assert read_span(text) is None
