from __future__ import annotations

import locale

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.builds.texts import date, read_date


def test_dates_have_the_predecessors_form() -> None:
    assert date(1795219088) == "Nov 20 23:58:08 UTC 2026"
    assert date(0) == "Jan 01 00:00:00 UTC 1970"


def test_dates_do_not_change_with_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    for name in ("C.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_TIME, name)
        except locale.Error:
            continue
        assert date(1795219088) == "Nov 20 23:58:08 UTC 2026"


@given(st.integers(0, 4_000_000_000))
def test_a_date_is_read_back(time: int) -> None:
    assert read_date(date(time)) == time


@pytest.mark.parametrize(
    "text", ["", "Nov 20 23:58:08 CET 2026", "Foo 20 23:58:08 UTC 2026", "Feb 30 00:00:00 UTC 2026", "x"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text) is None
