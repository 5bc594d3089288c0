"""What Google's answers mean for a mail."""

from __future__ import annotations

import json

import pytest

from headgate.connectors.http import MAX_WAIT
from headgate.connectors.mailto.gmail_answers import outcome_of_answer, refusal_of_token
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain

NOW = 1_795_000_000.0  # 2026-11-18T11:06:40Z


def answered(status: int, said: str, after: float | None = None) -> Outcome:
    """Return what becomes of a mail that was answered so."""
    return outcome_of_answer(status, said, after=after, now=NOW, hide=lambda text: text)


def fault(status: int, reason: str, message: str = "words") -> str:
    """Return an error in Google's form."""
    return json.dumps({"error": {"code": status, "message": message, "errors": [{"reason": reason}]}})


def test_a_mail_that_was_taken_has_gmail_s_name() -> None:
    assert answered(200, '{"id":"18f1","threadId":"18f1","labelIds":["SENT"]}') == Delivered("18f1")


@pytest.mark.parametrize("said", ["", "<html>Log in to the network</html>", "[]", '{"error":1}'])
def test_a_success_that_is_not_gmail_s_is_none(said: str) -> None:
    outcome = answered(200, said)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.BAD_ANSWER


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "authError"),
        (403, "insufficientPermissions"),
        (403, "domainPolicy"),
        (403, "accessNotConfigured"),
        (403, "anything"),
        (400, "failedPrecondition"),
    ],
)
def test_a_missing_permission_holds_all_mails_and_kills_none(status: int, reason: str) -> None:
    outcome = answered(status, fault(status, reason))
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (Reason.NOT_AUTHORISED, Scope.CONNECTOR)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "rateLimitExceeded"),
        (403, "userRateLimitExceeded"),
        (403, "dailyLimitExceeded"),
        (429, "rateLimitExceeded"),
    ],
)
def test_a_limit_holds_all_mails(status: int, reason: str) -> None:
    assert answered(status, fault(status, reason), after=9.0) == TryAgain(
        Reason.RATE_LIMITED, f"HTTP {status}: {reason}: words", after=9.0, scope=Scope.CONNECTOR
    )


@pytest.mark.parametrize(
    ("message", "wait"),
    [
        ("User-rate limit exceeded.  Retry after 2026-11-18T11:08:10.010Z (Mail sending)", 90.0),
        ("User-rate limit exceeded.  Retry after 2026-11-18T11:08:10Z", 90.0),
        ("Retry after 2020-01-01T00:00:00.000Z", 0.0),
        ("Retry after 2999-01-01T00:00:00.000Z", MAX_WAIT),
        ("Retry after 2026-99-99T99:99:99.000Z", None),
        ("Later.", None),
    ],
    ids=["moment", "whole second", "past", "far", "no moment", "none"],
)
def test_the_moment_that_gmail_names_is_read(message: str, wait: float | None) -> None:
    outcome = answered(429, fault(429, "rateLimitExceeded", message))
    assert isinstance(outcome, TryAgain)
    assert outcome.after == wait


def test_a_target_that_gmail_does_not_take_is_given_up() -> None:
    for message in ("Invalid To header", "Recipient address required"):
        outcome = answered(400, fault(400, "invalidArgument", message))
        assert outcome == GiveUp(Reason.TARGET_REFUSED, f"HTTP 400: invalidArgument: {message}")


def test_a_mail_that_gmail_does_not_take_is_given_up() -> None:
    for status, message in ((400, "Invalid value at 'message.raw'"), (413, "Request entity too large")):
        outcome = answered(status, fault(status, "x", message))
        assert isinstance(outcome, GiveUp)
        assert outcome.reason is Reason.MESSAGE_REFUSED


@pytest.mark.parametrize("status", [302, 404, 405, 407, 410])
def test_what_is_not_about_the_mail_kills_none(status: int) -> None:
    outcome = answered(status, "<html>")
    assert isinstance(outcome, TryAgain)
    assert outcome.scope is Scope.CONNECTOR


def test_a_fault_of_google_s_is_tried_again() -> None:
    for status in (500, 502, 503, 504):
        outcome = answered(status, fault(status, "backendError"), after=3.0)
        assert isinstance(outcome, TryAgain)
        assert (outcome.reason, outcome.after) == (Reason.SERVICE_ERROR, 3.0)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (401, "unauthorized_client", Reason.NOT_AUTHORISED),
        (400, "invalid_grant", Reason.NOT_AUTHORISED),
        (403, "access_denied", Reason.NOT_AUTHORISED),
        (429, "rate_limit_exceeded", Reason.RATE_LIMITED),
        (500, "internal_failure", Reason.SERVICE_ERROR),
        (302, "moved", Reason.BAD_ANSWER),
    ],
)
def test_no_token_is_a_failure_of_all_mails(status: int, code: str, reason: Reason) -> None:
    said = json.dumps({"error": code, "error_description": "words"})
    outcome = refusal_of_token(status, said, after=None, hide=lambda text: text)
    assert (outcome.reason, outcome.scope) == (reason, Scope.CONNECTOR)
    assert outcome.detail == f"asking for a token: HTTP {status}: {code}: words"
