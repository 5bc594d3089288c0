from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.durations import read_duration, show_duration, slurm_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:00", 0.0),
        ("00:00.009", 0.009),
        ("01:02", 62.0),
        ("01:02:03", 3723.0),
        ("1-00:00:00", 86400.0),
        ("12-23:59:59", 1_123_199.0),
        ("100:00:00", 360_000.0),
    ],
)
def test_what_slurm_writes_is_read(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "UNLIMITED",
        "Partition_Limit",
        "INVALID",
        "NOT_SET",
        "5",
        "1-02",
        "1-02:03",
        "-1:00",
        "1:2:3:4",
        "a:b",
        "\u0661:\u0662",
    ],
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert read_duration(text) is None


@given(st.integers(0, 10**10))
def test_every_duration_is_read_as_it_was_written(seconds: int) -> None:
    assert read_duration(slurm_duration(seconds)) == seconds


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    result = read_duration(text)
    assert result is None or result >= 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.04, "0.1 s"),
        (0.44, "0.4 s"),
        (0.99, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3719, "1 h 1 min"),
        (86400 * 2 + 3 * 3600 + 59, "2 d 3 h"),
    ],
)
def test_people_get_the_two_largest_units(seconds: float, text: str) -> None:
    assert show_duration(seconds) == text


@given(st.floats(0, 1e9))
def test_what_people_read_is_short(seconds: float) -> None:
    assert 3 <= len(show_duration(seconds)) <= 12
