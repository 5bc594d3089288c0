from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.hostlist import MAX_HOSTS, count_hosts, expand_hosts, fold_hosts, hostlist_text

HOSTS = st.from_regex(r"[a-z]{1,5}-?[0-9]{0,4}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("None assigned", 0),
        ("(null)", 0),
        ("n1", 1),
        ("n[01-10]", 10),
        ("n[1-2,7],gpu3", 4),
        ("rack[1-2]n[1-3]", 6),
        ("n1,n1", 1),
        ("login", 1),
    ],
)
def test_hosts_are_counted(text: str, count: int) -> None:
    assert count_hosts(text) == count


def test_hosts_are_expanded_with_their_zeros() -> None:
    assert expand_hosts("n[08-11]") == ["n08", "n09", "n10", "n11"]


def test_hosts_are_folded() -> None:
    assert fold_hosts("n3,n1,n2,x") in ("n[1-3],x", "x,n[1-3]")


@pytest.mark.parametrize(
    "text",
    [
        "n[1-999999999999]",
        "n[1-1000][1-1000]",
        "n[1-100000],m",
        "n[1-99999999999999999999]",
        "n[2-1]",
        "n[a-b]",
        "n[",
        "n]",
        "n[[1]]",
        "@all",
        "n[1-4/2]",
        "a!b",
        "a b",
        "n\n",
        "x" * 2_000_000,
    ],
)
def test_hostlists_that_are_too_large_or_none_at_all_are_refused_at_once(text: str) -> None:
    assert count_hosts(text.replace("\n", "\x00")) is None
    assert expand_hosts(text.replace("\n", "\x00")) is None


def test_largest_hostlist_is_still_counted() -> None:
    assert count_hosts(f"n[1-{MAX_HOSTS}]") == MAX_HOSTS


@given(st.lists(HOSTS, min_size=1, max_size=20))
def test_every_list_of_hosts_survives_folding(hosts: list[str]) -> None:
    folded = fold_hosts(",".join(hosts))
    assert folded is not None
    expanded = expand_hosts(folded)
    assert expanded is not None
    assert sorted(expanded) == sorted(set(hosts))


@given(st.text(alphabet="n0123456789[]-,", max_size=30))
def test_no_text_is_an_error_or_grows_beyond_the_bound(text: str) -> None:
    count = count_hosts(text)
    assert count is None or 0 <= count <= MAX_HOSTS


def test_words_for_no_hosts_are_an_empty_hostlist() -> None:
    assert [hostlist_text(text) for text in ("None assigned", "(null)", "N/A", " n1 ")] == ["", "", "", "n1"]
