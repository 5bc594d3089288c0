from __future__ import annotations

import contextlib
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from headgate.cli.main import headgate
from headgate.cli.options import Moment, Number
from headgate.errors import ConfigError, StoreError
from headgate.store.migrate import migrate
from headgate.store.store import Store
from tests.cli.stored import empty_site


@pytest.mark.parametrize(("ago", "seconds"), [("0s", 0), ("90m", 5400), ("2h", 7200), ("7d", 604_800)])
def test_a_time_ago_counts_from_now(ago: str, seconds: int) -> None:
    before = time.time()
    found = Moment().convert(ago, None, None)
    assert before - seconds <= found <= time.time() - seconds


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("2026-11-21", datetime(2026, 11, 21).astimezone().timestamp()),
        ("2026-11-21T10:00", datetime(2026, 11, 21, 10).astimezone().timestamp()),
        ("2026-11-21T10:00:00+00:00", 1_795_255_200.0),
        ("2026-11-21 10:00:00Z", 1_795_255_200.0),
    ],
)
def test_a_date_is_in_local_time_unless_it_says_otherwise(date: str, moment: float) -> None:
    assert Moment().convert(date, None, None) == moment
    assert Moment().convert(moment, None, None) == moment


@given(st.text() | st.from_regex(r"\d{1,30}[smhd]", fullmatch=True) | st.sampled_from(["0001-01-01", "9999-12-31"]))
def test_whatever_is_given_is_a_time_or_refused(text_: str) -> None:
    with contextlib.suppress(click.BadParameter):
        assert isinstance(Moment().convert(text_, None, None), float)


@pytest.mark.parametrize("value", ["", "yesterday", "5", "5w", "-5m", "2026-13-01", "٣d", "9" * 40 + "d"])
def test_what_is_no_time_is_refused_with_what_would_be_one(value: str) -> None:
    with pytest.raises(click.BadParameter, match=r"neither a date \(2026-11-21T10:00\) nor a time ago"):
        Moment().convert(value, None, None)


@given(st.integers(0, 10**18 - 1))
def test_a_number_is_a_number(number: int) -> None:
    assert Number().convert(str(number), None, None) == Number().convert(number, None, None) == number


@pytest.mark.parametrize("value", ["", "x", "-1", "1.0", "٣", "²", "9" * 19, "9" * 5000])
def test_what_is_no_number_that_a_store_can_hold_is_refused(value: str) -> None:
    with pytest.raises(click.BadParameter):
        Number().convert(value, None, None)


def run(path: Path, *words: str) -> Any:
    return CliRunner().invoke(headgate, ["-c", str(path), *words])


def test_a_store_that_is_not_prepared_says_what_to_do(tmp_path: Path) -> None:
    result = run(empty_site(tmp_path).config, "event", "list")
    assert isinstance(result.exception, StoreError)
    assert "headgate store migrate" in result.exception.message


def test_the_store_of_a_newer_headgate_is_left_alone(tmp_path: Path) -> None:
    site = empty_site(tmp_path)
    store = Store(site.url)
    migrate(store)
    store.write_now(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")) and None)
    store.close()
    result = run(site.config, "event", "list")
    assert isinstance(result.exception, StoreError)
    assert "newer Headgate: its tables are at 9999" in result.exception.message


def test_connectors_need_not_be_usable_to_look_into_the_store(tmp_path: Path) -> None:
    site = empty_site(tmp_path)
    with site.config.open("a") as file:
        file.write("[connectors.strange]\nkind = 'not there'\nanything = 1\n")
    assert run(site.config, "store", "migrate").exit_code in (0, 1)
    store = Store(site.url)
    migrate(store)
    store.close()
    assert run(site.config, "event", "list").output == "No such events.\n"


def test_a_mistake_in_the_configuration_is_named(tmp_path: Path) -> None:
    site = empty_site(tmp_path)
    site.config.write_text("[stroe]\nurl = 'x'\n")
    result = run(site.config, "event", "list")
    assert isinstance(result.exception, ConfigError)
    assert "stroe" in result.exception.message
