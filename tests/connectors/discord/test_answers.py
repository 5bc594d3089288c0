from __future__ import annotations

import pytest

from headgate.connectors.discord.answers import error_of, outcome_of_answer
from headgate.connectors.http import MAX_WAIT
from headgate.connectors.redaction import Redaction
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain

MESSAGE = {"id": "1050000000000000300", "channel_id": "1050000000000000100"}


def outcome(
    status: int, data: object, headers: dict[str, str] | None = None, said: str = "", *, whole: bool = True
) -> Outcome:
    """Say what an answer means."""
    return outcome_of_answer(status, headers or {}, data, said, now=1000.0, whole=whole, hide=Redaction(["hush-hush"]))


def error(code: int, message: str = "words", **more: object) -> dict[str, object]:
    """Return an error as Discord says it."""
    return {"code": code, "message": message, **more}


def test_a_message_that_was_made_has_an_id() -> None:
    assert outcome(200, MESSAGE) == Delivered("1050000000000000300")


@pytest.mark.parametrize("data", [None, {}, {"id": 5}, [], "ok", {"id": "x"}], ids=str)
def test_a_page_that_says_200_is_no_message(data: object) -> None:
    made = outcome(200, data)
    assert isinstance(made, TryAgain)
    assert made.reason is Reason.BAD_ANSWER


def test_a_status_is_an_answer_also_when_the_rest_of_it_never_comes() -> None:
    assert outcome(200, None, whole=False) == Delivered()


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (404, 10003, Reason.TARGET_REFUSED),
        (404, 10013, Reason.TARGET_REFUSED),
        (403, 50001, Reason.TARGET_REFUSED),
        (403, 50007, Reason.TARGET_REFUSED),
        (403, 50013, Reason.TARGET_REFUSED),
        (400, 50033, Reason.TARGET_REFUSED),
        (403, 50278, Reason.TARGET_REFUSED),
        (400, 50035, Reason.MESSAGE_REFUSED),
        (400, 50006, Reason.MESSAGE_REFUSED),
        (413, 40005, Reason.MESSAGE_REFUSED),
        (400, 240000, Reason.MESSAGE_REFUSED),
    ],
)
def test_what_discord_refuses_for_good_is_given_up(status: int, code: int, reason: Reason) -> None:
    assert outcome(status, error(code, "No")) == GiveUp(reason, f"HTTP {status}: No ({code})")


@pytest.mark.parametrize("name", ["channel_id", "recipient_id"])
def test_an_invalid_form_may_be_about_the_target(name: str) -> None:
    made = outcome(400, error(50035, errors={name: {"_errors": []}}))
    assert isinstance(made, GiveUp)
    assert made.reason is Reason.TARGET_REFUSED


@pytest.mark.parametrize(
    ("status", "code", "reason", "scope"),
    [
        (401, 0, Reason.NOT_AUTHORISED, Scope.CONNECTOR),
        (403, 40001, Reason.NOT_AUTHORISED, Scope.CONNECTOR),
        (403, 40333, Reason.SERVICE_ERROR, Scope.CONNECTOR),
        (503, 130000, Reason.SERVICE_ERROR, Scope.CONNECTOR),
        (500, 0, Reason.SERVICE_ERROR, Scope.RECIPIENT),
        (403, 99999, Reason.NOT_AUTHORISED, Scope.RECIPIENT),
        (404, 0, Reason.BAD_ANSWER, Scope.CONNECTOR),
        (400, 20028, Reason.RATE_LIMITED, Scope.RECIPIENT),
        (400, 40003, Reason.RATE_LIMITED, Scope.RECIPIENT),
    ],
)
def test_what_may_pass_is_tried_again(status: int, code: int, reason: Reason, scope: Scope) -> None:
    made = outcome(status, error(code))
    assert isinstance(made, TryAgain)
    assert (made.reason, made.scope) == (reason, scope)


def test_a_rate_limit_has_its_wait_with_fractions() -> None:
    data = {"message": "slow", "retry_after": 64.57, "global": False}
    made = outcome(429, data, {"Retry-After": "65", "X-RateLimit-Scope": "user"})
    assert isinstance(made, TryAgain)
    assert (made.reason, made.after, made.scope) == (Reason.RATE_LIMITED, 64.57, Scope.RECIPIENT)


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        ({"retry_after": 1, "global": True}, {}),
        ({"retry_after": 1, "global": False}, {"X-RateLimit-Global": "true"}),
        ({"retry_after": 1, "global": False}, {"X-RateLimit-Scope": "global"}),
        (None, {"Retry-After": "1"}),
    ],
    ids=["body", "header", "scope", "cloudflare"],
)
def test_a_limit_that_is_not_the_channels_is_the_connectors(data: object, headers: dict[str, str]) -> None:
    made = outcome(429, data, headers, "error code: 1015")
    assert isinstance(made, TryAgain)
    assert (made.reason, made.after, made.scope) == (Reason.RATE_LIMITED, 1.0, Scope.CONNECTOR)


@pytest.mark.parametrize("scope", ["user", "shared"])
def test_a_limit_of_one_channel_holds_up_no_other(scope: str) -> None:
    made = outcome(429, {"retry_after": 1, "global": False}, {"X-RateLimit-Scope": scope})
    assert isinstance(made, TryAgain)
    assert made.scope is Scope.RECIPIENT


@pytest.mark.parametrize(
    ("data", "headers", "after"),
    [
        ({"retry_after": "5"}, {"Retry-After": "6"}, 6.0),
        ({"retry_after": True}, {"X-RateLimit-Reset-After": "2.5"}, 2.5),
        ({"retry_after": -3}, {}, 0.0),
        ({"retry_after": float("nan")}, {}, MAX_WAIT),
        ({"retry_after": float("inf")}, {}, MAX_WAIT),
        ({"retry_after": 10**400}, {}, MAX_WAIT),
        ({}, {"X-RateLimit-Reset-After": "soon"}, None),
        ({}, {"X-RateLimit-Reset-After": "nan"}, None),
        ({}, {}, None),
    ],
    ids=str,
)
def test_a_wait_is_bounded_or_none(data: object, headers: dict[str, str], after: float | None) -> None:
    made = outcome(429, data, headers)
    assert isinstance(made, TryAgain)
    assert made.after == after


@pytest.mark.parametrize("data", [{"code": True, "message": "x"}, {"code": "1", "message": "x"}, {"code": 1}, [], None])
def test_what_is_no_error_of_discords_has_no_code(data: object) -> None:
    assert error_of(data) == (None, "")


def test_what_discord_said_is_told_without_secrets() -> None:
    made = outcome(400, error(50035, "hush-hush is wrong"))
    assert isinstance(made, GiveUp)
    assert made.detail == "HTTP 400: [hidden] is wrong (50035)"
