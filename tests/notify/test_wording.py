"""The small words of messages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.notify.wording import (
    exit_text,
    folded,
    moment,
    nodes_text,
    percent,
    resource_amount,
    resource_label,
    share,
    size,
    span,
)


@pytest.mark.parametrize(
    ("hostlist", "nodes", "shown"),
    [
        ("n01", 1, "n01"),
        ("n01,n02", None, "2 (n[01-02])"),
        ("n[01-10]", 10, "10 (n[01-10])"),
        ("None assigned", 0, None),
        ("", 3, None),
        ("n[1-9999999999]", 5, "5 (n[1-9999999999])"),
        ("what ever]", None, "what ever]"),
    ],
)
def test_nodes_are_counted_and_folded(hostlist: str, nodes: int | None, shown: str | None) -> None:
    assert nodes_text(hostlist, nodes) == shown


@pytest.mark.parametrize("value", [None, -1, float("nan"), float("inf"), 1e300, 10**400])
def test_what_cannot_be_true_is_not_said(value: float | None) -> None:
    assert span(value) is None
    assert moment(value, None) is None
    assert size(value if isinstance(value, int) else None) is None


def test_a_moment_without_a_zone_shows_the_hosts() -> None:
    assert re.fullmatch(r"2026-09-2\d \d\d:\d\d:\d\d \S+", moment(1_790_000_000, None) or "")


@pytest.mark.parametrize(
    ("used", "given_", "expected"), [(1, 2, 0.5), (3, 2, 1.5), (None, 2, None), (1, 0, None), (-1, 2, None)]
)
def test_a_share_needs_both_figures(used: float | None, given_: float | None, expected: float | None) -> None:
    assert share(used, given_) == expected


@pytest.mark.parametrize(("fraction", "text"), [(0, "0"), (0.0001, "0.1"), (0.004, "0.4"), (0.125, "12"), (1, "100")])
def test_percent_is_never_a_bare_zero_for_something(fraction: float, text: str) -> None:
    assert percent(fraction) == text


@pytest.mark.parametrize(
    ("name", "amount", "label", "shown"),
    [
        ("gres/gpu", 2, "GPUs", "2"),
        ("gres/gpu:a100", 2, "GPUs a100", "2"),
        ("gres/shard", 4, "shard", "4"),
        ("license/matlab", 1, "Licences matlab", "1"),
        ("bb/cray", 2**30, "Burst buffer cray", "1 GiB"),
        ("ic/ofed", 5, "ic/ofed", "5"),
        ("", 5, "Resource", "5"),
    ],
)
def test_resources_have_the_names_users_know(name: str, amount: int, label: str, shown: str) -> None:
    assert (resource_label(name), resource_amount(name, amount)) == (label, shown)


@pytest.mark.parametrize(
    ("code", "signal", "text"),
    [(2, 0, "exit code 2"), (0, 9, "SIGKILL"), (1, 15, "exit code 1, SIGTERM"), (0, 99, "signal 99"), (None, None, "")],
)
def test_how_a_job_failed_is_told_by_code_and_signal(code: int | None, signal: int | None, text: str) -> None:
    assert exit_text(code, signal) == text


@given(st.sets(st.integers(0, 500), max_size=80), st.integers(1, 100))
def test_folded_ranges_hold_every_number_or_count_it(numbers: set[int], limit: int) -> None:
    text = folded(numbers, limit)
    ranges, _, more = text.partition(" and ")
    found: set[int] = set()
    for item in filter(None, ranges.split(",")):
        first, _, last = item.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    assert found <= numbers
    assert len(found) + int(more.removesuffix(" more") or 0) == len(numbers)
