from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.sizes import read_memory_request, read_size, show_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("512", 512),
        ("2012K", 2012 << 10),
        ("100M", 100 << 20),
        ("4G", 4 << 30),
        ("1.50G", 3 << 29),
        ("1T", 1 << 40),
        ("1P", 1 << 50),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_what_slurm_writes_is_read_in_binary_units(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "?", "4GB", "-1", "1e3", "4Gn", "K", "Unknown", "\u0664G"])
def test_what_is_no_size_is_none(text: str) -> None:
    assert read_size(text) is None


def test_bare_number_counts_in_the_unit_given() -> None:
    assert read_size("3", unit="M") == 3 << 20


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("4G", 4 << 30),
        ("4Gn", 8 << 30),
        ("2000Mc", 2000 * 6 << 20),
        ("2000", 2000 << 20),
        ("0", None),
        ("0n", None),
        ("", None),
        ("0Mc", None),
    ],
)
def test_memory_request_is_for_the_job_and_zero_is_unknown(text: str, size: int | None) -> None:
    assert read_memory_request(text, nodes=2, cpus=6) == size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (3 << 30, "3 GiB"),
        (3.2 * (1 << 30), "3.2 GiB"),
        (999 << 20, "999 MiB"),
        ((1 << 20) - 1, "1 MiB"),
        (10.4 * (1 << 20), "10 MiB"),
        (1 << 60, "1 EiB"),
        (5 << 70, "5120 EiB"),
    ],
)
def test_people_get_short_sizes(size: float, text: str) -> None:
    assert show_size(size) == text


@given(st.integers(0, 2**62))
def test_shown_size_is_within_a_twentieth_of_the_true_one(size: int) -> None:
    number, unit = show_size(size).split()
    shown = read_size(number + unit.removesuffix("iB").removesuffix("B"))
    assert shown is not None
    assert abs(shown - size) <= size / 20


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    result = read_size(text)
    assert result is None or result >= 0
