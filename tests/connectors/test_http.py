from __future__ import annotations

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.connectors.http import MAX_WAIT, outcome_of_error, outcome_of_status, retry_after
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, TryAgain

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (200, Delivered, None),
        (202, Delivered, None),
        (204, Delivered, None),
        (301, GiveUp, Reason.TARGET_REFUSED),
        (304, GiveUp, Reason.TARGET_REFUSED),
        (307, GiveUp, Reason.TARGET_REFUSED),
        (400, GiveUp, Reason.MESSAGE_REFUSED),
        (401, TryAgain, Reason.NOT_AUTHORISED),
        (403, TryAgain, Reason.NOT_AUTHORISED),
        (404, GiveUp, Reason.TARGET_REFUSED),
        (408, TryAgain, Reason.TIMEOUT),
        (410, GiveUp, Reason.TARGET_REFUSED),
        (413, GiveUp, Reason.MESSAGE_REFUSED),
        (422, GiveUp, Reason.MESSAGE_REFUSED),
        (425, TryAgain, Reason.SERVICE_ERROR),
        (429, TryAgain, Reason.RATE_LIMITED),
        (500, TryAgain, Reason.SERVICE_ERROR),
        (502, TryAgain, Reason.SERVICE_ERROR),
        (599, TryAgain, Reason.SERVICE_ERROR),
        (100, TryAgain, Reason.BAD_ANSWER),
        (600, TryAgain, Reason.BAD_ANSWER),
        (999, TryAgain, Reason.BAD_ANSWER),
    ],
)
def test_each_status_has_its_meaning(status: int, kind: type[object], reason: Reason | None) -> None:
    outcome = outcome_of_status(status, "why", after=None, hide=str)
    assert isinstance(outcome, kind)
    assert getattr(outcome, "reason", None) is reason


@given(st.integers(100, 999))
def test_every_status_has_some_meaning(status: int) -> None:
    outcome = outcome_of_status(status, "", after=3.0, hide=str)
    assert isinstance(outcome, Delivered) == (200 <= status < 300)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError(), Reason.TIMEOUT),
        (httpx2.ReadTimeout("x"), Reason.TIMEOUT),
        (httpx2.PoolTimeout("x"), Reason.TIMEOUT),
        (httpx2.ConnectError("x"), Reason.UNREACHABLE),
        (httpx2.ReadError("x"), Reason.UNREACHABLE),
        (httpx2.RemoteProtocolError("Server disconnected without sending a response."), Reason.UNREACHABLE),
        (httpx2.RemoteProtocolError("illegal status line"), Reason.BAD_ANSWER),
        (httpx2.ProxyError("x"), Reason.UNREACHABLE),
    ],
)
def test_each_error_has_its_reason(error: Exception, reason: Reason) -> None:
    outcome = outcome_of_error(error, str)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is reason


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("99999999", MAX_WAIT),
        ("99999999999999999999", None),
        ("-5", None),
        ("1.5", None),
        ("nan", None),
        ("\u0663", None),
        ("soon", None),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:13:00 GMT", 0.0),
        ("Tue, 14 Nov 2093 22:13:00 GMT", MAX_WAIT),
        ("Tue, 99 Nov 2023 22:13:00 GMT", None),
        ("x" * 100_000, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date_and_bounded(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text())
def test_no_retry_after_does_harm(value: str) -> None:
    wait = retry_after(value, NOW)
    assert wait is None or 0 <= wait <= MAX_WAIT
