"""Of an address, where it is is repeated, and nothing that may be a secret."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.config.convert.address import origin, port_number, whole_number


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://host.example.org", "http://host.example.org"),
        ("https://host:6820/slurm/v0.0.42", "https://host:6820"),
        ("https://[2001:db8::1]:80/", "https://[2001:db8::1]:80"),
        ("https://ada:hunter2@host/", "https://host"),
        ("https://host?hunter2#hunter2", "https://host"),
        ("https://ada:1/hunter2@host", ""),
        ("https://ada?hunter2@host", ""),
        ("https://ada#hunter2@host", ""),
        ("https://hunter2\\@host", ""),
        ("https://ada hunter2@host x", ""),
        ("https://host:99999", ""),
        ("https://[::1", ""),
        ("ftp://host", ""),
        ("host:6820", ""),
        ("", ""),
    ],
)
def test_only_where_it_is_is_left(url: str, shown: str) -> None:
    assert origin(url) == shown


@settings(deadline=None)
@given(before=st.text(alphabet="ab:/?#@\\%. ", max_size=8), after=st.text(alphabet="ab:/?#@\\%. ", max_size=8))
def test_a_password_is_never_left(before: str, after: str) -> None:
    assert "hunter2" not in origin(f"https://ada:{before}hunter2{after}@host.example.org/")


@pytest.mark.parametrize(("text", "port"), [("", 587), ("25", 25), ("65536", 0), ("x", 0), ("9" * 50, 0), ("٣", 0)])
def test_a_port_is_a_number_that_is_small_enough(text: str, port: int) -> None:
    assert port_number(text, 587) == port


@pytest.mark.parametrize(("text", "number"), [("60", 60), ("-1", 0), ("1.5", 0), ("9" * 10, 0), ("", 0)])
def test_what_is_no_whole_number_is_0(text: str, number: int) -> None:
    assert whole_number(text) == number
