"""What the Bot API's answers mean."""

from __future__ import annotations

import json

import pytest

from headgate.connectors.telegram.answers import Refusal, Taken, Unreadable, is_about_form, outcome_of, read_answer
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Scope, TryAgain

REFUSALS = {
    (401, "Unauthorized"): (TryAgain, Reason.NOT_AUTHORISED),
    (404, "Not Found"): (TryAgain, Reason.NOT_AUTHORISED),
    (403, "Forbidden: bot was blocked by the user"): (GiveUp, Reason.TARGET_REFUSED),
    (403, "Forbidden: bot was kicked from the supergroup chat"): (GiveUp, Reason.TARGET_REFUSED),
    (403, "Forbidden: bot can't initiate conversation with a user"): (GiveUp, Reason.TARGET_REFUSED),
    (400, "Bad Request: chat not found"): (GiveUp, Reason.TARGET_REFUSED),
    (400, "Bad Request: not enough rights to send text messages to the chat"): (GiveUp, Reason.TARGET_REFUSED),
    (400, "Bad Request: message thread not found"): (GiveUp, Reason.TARGET_REFUSED),
    (400, "Bad Request: TOPIC_CLOSED"): (GiveUp, Reason.TARGET_REFUSED),
    (400, "Bad Request: PEER_ID_INVALID"): (GiveUp, Reason.TARGET_REFUSED),
    (400, "Bad Request: group chat was upgraded to a supergroup chat"): (GiveUp, Reason.TARGET_REFUSED),
    (400, "Bad Request: message is too long"): (GiveUp, Reason.MESSAGE_REFUSED),
    (400, ""): (GiveUp, Reason.MESSAGE_REFUSED),
    (413, "Request Entity Too Large"): (GiveUp, Reason.MESSAGE_REFUSED),
    (429, "Too Many Requests: retry after 5"): (TryAgain, Reason.RATE_LIMITED),
    (500, "Internal Server Error"): (TryAgain, Reason.SERVICE_ERROR),
    (502, "Bad Gateway"): (TryAgain, Reason.SERVICE_ERROR),
}


@pytest.mark.parametrize("said", REFUSALS, ids=lambda said: f"{said[0]} {said[1]}".strip())
def test_a_refusal_has_its_reason(said: tuple[int, str]) -> None:
    code, description = said
    body = json.dumps({"ok": False, "error_code": code, "description": description}).encode()
    outcome = outcome_of(read_answer(code, body), str)
    assert isinstance(outcome, TryAgain | GiveUp)
    assert (type(outcome), outcome.reason) == REFUSALS[said]


def test_a_wrong_token_and_a_service_that_is_down_concern_everybody() -> None:
    for code in (401, 404, 502, 503, 504):
        outcome = outcome_of(Refusal(code, "x"), str)
        assert isinstance(outcome, TryAgain)
        assert outcome.scope is Scope.CONNECTOR
    outcome = outcome_of(Refusal(500, "x"), str)
    assert isinstance(outcome, TryAgain)
    assert outcome.scope is Scope.RECIPIENT


def test_a_message_that_was_taken_has_its_number() -> None:
    assert outcome_of(read_answer(200, b'{"ok":true,"result":{"message_id":7}}'), str) == Delivered("7")
    assert outcome_of(Taken("odd"), str) == Delivered("")


def test_an_answer_that_breaks_off_after_ok_means_delivered() -> None:
    assert read_answer(200, b'{"ok":true,"result":{"mess') == Taken(None)
    assert isinstance(read_answer(500, b'{"ok":true'), Unreadable)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"ok":1}', b'{"ok":', b"[" * 100_000, b"\xff"])
def test_what_is_no_answer_of_a_bot_api_is_not_taken_for_one(body: bytes) -> None:
    outcome = outcome_of(read_answer(200, body), str)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.BAD_ANSWER


def test_a_proxy_that_forbids_is_the_sites_trouble_not_the_targets() -> None:
    outcome = outcome_of(read_answer(403, b"<html>blocked</html>"), str)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.NOT_AUTHORISED


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"retry_after": 7}, Refusal(429, "x", retry_after=7.0)),
        ({"retry_after": 10**9}, Refusal(429, "x", retry_after=86400.0)),
        ({"retry_after": -1}, Refusal(429, "x", retry_after=0.0)),
        ({"retry_after": "7"}, Refusal(429, "x")),
        ({"retry_after": True}, Refusal(429, "x")),
        ({"retry_after": 10**400}, Refusal(429, "x")),
        ({"migrate_to_chat_id": -1001}, Refusal(429, "x", moved_to=-1001)),
        ({"migrate_to_chat_id": "@x"}, Refusal(429, "x")),
        ([], Refusal(429, "x")),
    ],
    ids=str,
)
def test_parameters_are_read_narrowly(parameters: object, refusal: Refusal) -> None:
    body = {"ok": False, "error_code": 429, "description": "x", "parameters": parameters}
    assert read_answer(429, json.dumps(body).encode()) == refusal


def test_only_markup_and_buttons_are_worth_a_second_try() -> None:
    assert is_about_form(Refusal(400, "Bad Request: can't parse entities: Unsupported start tag"))
    assert is_about_form(Refusal(400, "Bad Request: BUTTON_DATA_INVALID"))
    assert not is_about_form(Refusal(400, "Bad Request: chat not found"))
    assert not is_about_form(Refusal(403, "can't parse"))
    assert not is_about_form(Taken(None))
