from __future__ import annotations

import pytest

from headgate.connectors.mattermost.answers import error_of, outcome_of_answer, wait_of
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain

ID = "4xp9fdt77pncbef59f4k1qe83o"


def outcome(status: int, data: object = None, headers: dict[str, str] | None = None, said: str = "") -> Outcome:
    return outcome_of_answer(status, headers or {}, data, said, now=1_000_000_000.0, hide=str)


def error(name: str) -> dict[str, object]:
    return {"id": name, "message": "no", "status_code": 0}


def test_a_post_that_was_made_is_delivered_under_its_id() -> None:
    assert outcome(201, {"id": ID}) == Delivered(ID)


def test_a_created_post_is_delivered_even_if_its_answer_breaks() -> None:
    assert outcome(201) == Delivered()


def test_a_page_of_a_proxy_is_no_post() -> None:
    answer = outcome(200, None, said="<html>Please log in</html>")
    assert isinstance(answer, TryAgain)
    assert answer.reason is Reason.BAD_ANSWER


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (403, "api.context.permissions.app_error"),
        (400, "api.post.create_post.can_not_post_to_deleted.error"),
        (404, "app.user.get_by_username.app_error"),
        (404, "app.channel.get_by_name.missing.app_error"),
        (403, "api.post.create_post.town_square_read_only"),
    ],
)
def test_where_the_bot_cannot_write_nobody_tries_again(status: int, name: str) -> None:
    answer = outcome(status, error(name))
    assert isinstance(answer, GiveUp)
    assert answer.reason is Reason.TARGET_REFUSED
    assert name in answer.detail


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_token_concerns_the_whole_connector(status: int) -> None:
    answer = outcome(status, error("api.context.session_expired.app_error"))
    assert answer == TryAgain(
        Reason.NOT_AUTHORISED, f"HTTP {status}: api.context.session_expired.app_error: no", scope=Scope.CONNECTOR
    )


def test_a_proxy_that_forbids_is_the_sites_mistake() -> None:
    answer = outcome(403, None, said="<html>WAF</html>")
    assert isinstance(answer, TryAgain)
    assert answer.reason is Reason.NOT_AUTHORISED


@pytest.mark.parametrize(
    "name", ["model.post.is_valid.message_length.app_error", "model.post.is_valid.props.app_error"]
)
def test_a_message_the_server_never_takes_is_given_up(name: str) -> None:
    answer = outcome(400, error(name))
    assert isinstance(answer, GiveUp)
    assert answer.reason is Reason.MESSAGE_REFUSED


def test_a_post_that_is_still_being_made_is_tried_again() -> None:
    answer = outcome(500, error("api.post.deduplicate_create_post.pending"))
    assert isinstance(answer, TryAgain)
    assert answer.reason is Reason.SERVICE_ERROR


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"X-RateLimit-Reset": "3"}, 3.0),
        ({"X-RateLimit-Reset": "0"}, 1.0),
        ({"X-RateLimit-Reset": "1000000005"}, 5.0),
        ({"X-RateLimit-Reset": "999999999999"}, 86400.0),
        ({"Retry-After": "9", "X-RateLimit-Reset": "3"}, 9.0),
        ({"X-RateLimit-Reset": "soon"}, None),
        ({"X-RateLimit-Reset": "-1"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_a_rate_limit_says_how_long_to_wait(headers: dict[str, str], after: float | None) -> None:
    answer = outcome(429, None, headers, "limit exceeded")
    assert answer == TryAgain(Reason.RATE_LIMITED, "HTTP 429: limit exceeded", after, Scope.CONNECTOR)
    assert wait_of(headers, 1_000_000_000.0) == after


def test_the_rate_headers_of_other_answers_are_no_wait() -> None:
    answer = outcome(503, None, {"X-RateLimit-Reset": "3"})
    assert isinstance(answer, TryAgain)
    assert answer.after is None


@pytest.mark.parametrize("data", [None, [], "x", {}, {"id": 5}, {"id": ID}, {"id": "a.b", "message": 5}], ids=str)
def test_what_is_no_error_has_no_words(data: object) -> None:
    assert error_of(data)[1] == ""
