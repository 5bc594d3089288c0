from __future__ import annotations

import pytest

from headgate.connectors.redaction import Redaction
from headgate.connectors.slack.answers import outcome_of_answer
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain

HIDE = Redaction(["xoxb-secret"])


def answered(data: object, status: int = 200, after: float | None = None) -> Outcome:
    return outcome_of_answer(status, data, "said", after=after, hide=HIDE)


def test_a_message_taken_has_slacks_own_name_for_it() -> None:
    assert answered({"ok": True, "channel": "C1", "ts": "1.2"}) == Delivered("C1:1.2")


@pytest.mark.parametrize(
    "code", ["channel_not_found", "not_in_channel", "is_archived", "user_not_found", "restricted_action"]
)
def test_a_target_that_cannot_be_written_to_is_given_up(code: str) -> None:
    outcome = answered({"ok": False, "error": code})
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.TARGET_REFUSED


@pytest.mark.parametrize(
    "code", ["msg_too_long", "invalid_blocks", "no_text", "msg_blocks_too_long", "too_many_attachments"]
)
def test_a_message_that_is_never_taken_is_given_up(code: str) -> None:
    outcome = answered({"ok": False, "error": code})
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.MESSAGE_REFUSED


@pytest.mark.parametrize(
    "code", ["invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed", "missing_scope"]
)
def test_a_refused_token_concerns_everybody_and_may_be_mended(code: str) -> None:
    outcome = answered({"ok": False, "error": code})
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (Reason.NOT_AUTHORISED, Scope.CONNECTOR)


@pytest.mark.parametrize(
    ("code", "scope"), [("ratelimited", Scope.CONNECTOR), ("rate_limited", Scope.RECIPIENT)], ids=["app", "channel"]
)
def test_a_rate_limit_says_whom_it_concerns_and_for_how_long(code: str, scope: Scope) -> None:
    outcome = answered({"ok": False, "error": code}, status=429 if code == "ratelimited" else 200, after=7.0)
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope, outcome.after) == (Reason.RATE_LIMITED, scope, 7.0)


@pytest.mark.parametrize("code", ["fatal_error", "internal_error", "request_timeout", "a_code_of_tomorrow"])
def test_any_other_error_may_pass(code: str) -> None:
    outcome = answered({"ok": False, "error": code})
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (Reason.SERVICE_ERROR, Scope.RECIPIENT)


def test_an_outage_concerns_everybody() -> None:
    outcome = answered({"ok": False, "error": "service_unavailable"})
    assert isinstance(outcome, TryAgain)
    assert outcome.scope is Scope.CONNECTOR


@pytest.mark.parametrize("data", [None, [], {}, {"ok": "yes"}, {"ok": False}, {"ok": False, "error": 5}], ids=repr)
def test_an_answer_that_is_none_of_slacks_is_tried_again(data: object) -> None:
    outcome = answered(data)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.BAD_ANSWER


@pytest.mark.parametrize("status", [301, 404, 400, 410])
def test_a_wrong_address_kills_no_message(status: int) -> None:
    outcome = answered(None, status)
    assert isinstance(outcome, TryAgain)
    assert outcome.scope is Scope.CONNECTOR


def test_a_status_of_an_outage_is_passed_on_with_its_wait() -> None:
    assert answered(None, 503, 9.0) == TryAgain(Reason.SERVICE_ERROR, "HTTP 503: said", 9.0)


def test_the_missing_scope_is_named() -> None:
    outcome = answered({"ok": False, "error": "missing_scope", "needed": "chat:write"})
    assert isinstance(outcome, TryAgain)
    assert outcome.detail == "missing_scope (needs chat:write)"


def test_a_token_in_an_answer_is_hidden() -> None:
    told = {"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": ["xoxb-secret " * 500]}}
    outcome = answered(told)
    assert isinstance(outcome, GiveUp)
    assert "xoxb-secret" not in outcome.detail
    assert len(outcome.detail) <= 300
