"""What Google's answers mean for a mail. Pure.

Sources: "Resolve errors" of the Gmail API's guides (https://developers.google.com/gmail/api/guides/handle-errors), and
the errors in "Using OAuth 2.0 for Server to Server Applications". The rule is that of ``answers.py``: a mail dies only
when this target or this mail will not do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from headgate.connectors.http import MAX_WAIT
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain

Hide = Callable[[str], str]
_RATES = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"}
)
_NOT_ALLOWED = frozenset(
    {
        "authError",
        "accessNotConfigured",
        "domainPolicy",
        "failedPrecondition",
        "forbidden",
        "insufficientPermissions",
        "SERVICE_DISABLED",
    }
)
"""The delegation is missing, the API is not switched on, or the user has no mailbox: the site's to mend."""
_WHEN = re.compile(r"Retry after ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8})(?:\.[0-9]{1,9})?Z")
"""How Gmail says when a mailbox may send again; there is no header."""
_TARGET = re.compile(r"Invalid To header|Recipient address required", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """An error in Google's form: its reason, and its words."""

    reason: str
    words: str


def outcome_of_answer(status: int, said: str, *, after: float | None, now: float, hide: Hide) -> Outcome:
    """Say what became of a mail that ``messages.send`` answered so. ``after``: of ``Retry-After``, in seconds."""
    if status // 100 == 2:  # noqa: PLR2004
        return _outcome_of_success(said, hide)
    fault = fault_of(said)
    detail = hide(f"HTTP {status}: {fault.words}" if fault.words else f"HTTP {status}")
    if fault.reason in _RATES or status == 429:  # noqa: PLR2004
        wait = after if after is not None else _wait_in(fault.words, now)
        return TryAgain(Reason.RATE_LIMITED, detail, after=wait, scope=Scope.CONNECTOR)
    if fault.reason in _NOT_ALLOWED or status in (401, 403, 407):
        return TryAgain(Reason.NOT_AUTHORISED, detail, scope=Scope.CONNECTOR)
    if status in (400, 413):
        refused = status == 400 and _TARGET.search(fault.words)  # noqa: PLR2004
        return GiveUp(Reason.TARGET_REFUSED if refused else Reason.MESSAGE_REFUSED, detail)
    # below 500: a wrong address of the API, or a proxy's doing; nothing was said about this mail
    scope = Scope.RECIPIENT if status >= 500 else Scope.CONNECTOR  # noqa: PLR2004
    return TryAgain(Reason.SERVICE_ERROR, detail, after=after, scope=scope)


def refusal_of_token(status: int, said: str, *, after: float | None, hide: Hide) -> TryAgain:
    """Say what it means that no token was given: never anything for good, and always for all mails."""
    fault = fault_of(said)
    detail = hide(f"asking for a token: HTTP {status}: {fault.words}")
    reason = Reason.SERVICE_ERROR
    if status == 429:  # noqa: PLR2004
        reason = Reason.RATE_LIMITED
    elif status in (400, 401, 403):
        reason = Reason.NOT_AUTHORISED
    elif status < 400:  # noqa: PLR2004
        reason = Reason.BAD_ANSWER
    return TryAgain(reason, detail, after=after, scope=Scope.CONNECTOR)


def fault_of(said: str) -> Fault:
    """Read an error in Google's form, of the API or of the token endpoint; the text itself if it is in neither."""
    try:
        error = json.loads(said)["error"]
        if isinstance(error, str):
            return Fault(error, f"{error}: {json.loads(said).get('error_description', '')}")
        reason = next((str(item["reason"]) for item in error.get("errors", ())), str(error.get("status", "")))
        return Fault(reason, f"{reason}: {error.get('message', '')}")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Fault("", said)


def _outcome_of_success(said: str, hide: Hide) -> Outcome:
    try:
        name = json.loads(said)["id"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return TryAgain(Reason.BAD_ANSWER, hide(f"an answer that is not the Gmail API's: {said}"))
    return Delivered(hide(str(name))[:100])


def _wait_in(words: str, now: float) -> float | None:
    found = _WHEN.search(words)
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(found[1]).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return min(max(moment - now, 0.0), MAX_WAIT)
