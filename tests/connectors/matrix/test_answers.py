from __future__ import annotations

from typing import Any

import pytest

from headgate.connectors.matrix.answers import Reply, refused, wait_of
from headgate.model.delivery import Reason
from headgate.notify.connector import GiveUp, Scope, TryAgain


def outcome(status: int, code: str = "", **more: Any) -> TryAgain | GiveUp:
    content = {"errcode": code, "error": "words", **more} if code else {}
    return refused(Reply(status, content), lambda text: text)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (401, "M_UNKNOWN_TOKEN", Reason.NOT_AUTHORISED),
        (401, "M_MISSING_TOKEN", Reason.NOT_AUTHORISED),
        (403, "M_USER_DEACTIVATED", Reason.NOT_AUTHORISED),
        (401, "M_USER_LOCKED", Reason.NOT_AUTHORISED),
        (429, "M_LIMIT_EXCEEDED", Reason.RATE_LIMITED),
        (403, "M_RESOURCE_LIMIT_EXCEEDED", Reason.SERVICE_ERROR),
        (404, "M_UNRECOGNIZED", Reason.SERVICE_ERROR),
        (401, "", Reason.NOT_AUTHORISED),
        (429, "", Reason.RATE_LIMITED),
        (404, "", Reason.SERVICE_ERROR),
        (301, "", Reason.SERVICE_ERROR),
    ],
)
def test_trouble_of_the_account_or_the_server_concerns_every_room(status: int, code: str, reason: Reason) -> None:
    told = outcome(status, code)
    assert isinstance(told, TryAgain)
    assert (told.reason, told.scope) == (reason, Scope.CONNECTOR)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, "M_FORBIDDEN", Reason.TARGET_REFUSED),
        (404, "M_NOT_FOUND", Reason.TARGET_REFUSED),
        (400, "M_INCOMPATIBLE_ROOM_VERSION", Reason.TARGET_REFUSED),
        (413, "M_TOO_LARGE", Reason.MESSAGE_REFUSED),
        (400, "M_BAD_JSON", Reason.MESSAGE_REFUSED),
        (400, "M_SOMETHING_NEW", Reason.MESSAGE_REFUSED),
    ],
)
def test_what_is_refused_for_good(status: int, code: str, reason: Reason) -> None:
    told = outcome(status, code)
    assert isinstance(told, GiveUp)
    assert told.reason is reason
    assert code in told.detail


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_fails_is_tried_again_for_this_room(status: int) -> None:
    told = outcome(status, "M_UNKNOWN")
    assert isinstance(told, TryAgain)
    assert (told.reason, told.scope) == (Reason.SERVICE_ERROR, Scope.RECIPIENT)


@pytest.mark.parametrize(
    ("after", "content", "wait"),
    [
        (7.0, {"retry_after_ms": 6571}, 7.0),
        (None, {"retry_after_ms": 1500}, 1.5),
        (3.0, {}, 3.0),
        (None, {}, None),
        (None, {"retry_after_ms": "soon"}, None),
        (None, {"retry_after_ms": True}, None),
        (None, {"retry_after_ms": -1}, None),
        (None, {"retry_after_ms": 1e300}, None),
    ],
)
def test_how_long_to_wait(after: float | None, content: dict[str, Any], wait: float | None) -> None:
    assert wait_of(Reply(429, content, after)) == wait
