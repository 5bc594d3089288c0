"""What Mattermost's answers mean for a message. Pure.

Errors are JSON with an ``id`` (https://developers.mattermost.com/api-documentation/, "Error Responses"); proxies in
front of a server answer without one, and then the status alone decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from headgate.connectors.http import MAX_WAIT, Hide, outcome_of_status, retry_after
from headgate.connectors.mattermost.targets import is_id
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain

_UNAUTHORISED, _TOO_MANY, _CREATED = 401, 429, 201
_EPOCH = 1_000_000_000.0
"""A reset later than this is a moment, not a number of seconds: the documentation shows both."""
_TARGET_REFUSED = frozenset(
    {
        "api.context.permissions.app_error",
        "api.channel.create_direct_channel.invalid_user.app_error",
        "api.channel.create_channel.direct_channel.team_restricted_error.app_error",
        "api.post.create_post.can_not_post_to_deleted.error",
        "api.post.create_post.town_square_read_only",
        "app.channel.get.existing.app_error",
        "app.channel.get_by_name.missing.app_error",
        "app.user.get_by_username.app_error",
        "app.user.missing_account.const",
        "store.sql_user.get_by_username.app_error",
        "store.sql_channel.get_by_name.missing.app_error",
    }
)
"""Ids that say that this bot cannot write there: no such place or person, an archived channel, not a member."""
_NOT_AUTHORISED = frozenset(
    {
        "api.context.session_expired.app_error",
        "api.context.token_provided.app_error",
        "api.context.mfa_required.app_error",
        "api.user.check_user_mfa.bad_code.app_error",
        "app.user_access_token.invalid_or_missing",
    }
)


def outcome_of_answer(
    status: int, headers: Mapping[str, str], data: object, said: str, *, now: float, hide: Hide
) -> Outcome:
    """Say what became of a post that was answered so.

    ``data`` is the body as JSON (None if it is none) and ``said`` the same as text. ``now`` is the time, in seconds
    since the epoch, that a reset moment is counted from.
    """
    after = wait_of(headers, now) if status == _TOO_MANY else retry_after(headers.get("Retry-After"), now)
    name, words = error_of(data)
    told = f"{name}: {words}" if name else said
    if name in _NOT_AUTHORISED or status == _UNAUTHORISED:
        return TryAgain(Reason.NOT_AUTHORISED, hide(f"HTTP {status}: {told}"), after=after, scope=Scope.CONNECTOR)
    if status == _TOO_MANY:
        return TryAgain(Reason.RATE_LIMITED, hide(f"HTTP {status}: {told}"), after=after, scope=Scope.CONNECTOR)
    if name in _TARGET_REFUSED and status // 100 == 4:  # noqa: PLR2004 (a class of statuses)
        return GiveUp(Reason.TARGET_REFUSED, hide(f"HTTP {status}: {told}"))
    if status // 100 == 2:  # noqa: PLR2004
        return _accepted(status, data)
    return outcome_of_status(status, told, after=after, hide=hide)


def _accepted(status: int, data: object) -> Outcome:
    """Tell a post that was made, which has an id, from a proxy's page that says 200."""
    found = data.get("id") if isinstance(data, dict) else None
    if is_id(found):
        return Delivered(str(found))
    if status == _CREATED:
        return Delivered()
    return TryAgain(Reason.BAD_ANSWER, f"HTTP {status}, but the answer is no post")


def error_of(data: object) -> tuple[str, str]:
    """Return an error's id and its words; empty if the answer is no error of Mattermost's."""
    if not isinstance(data, dict):
        return "", ""
    name, words = data.get("id"), data.get("message")
    if not isinstance(name, str) or "." not in name:
        return "", ""
    return name, words if isinstance(words, str) else ""


def wait_of(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds to wait, from ``Retry-After`` or else ``X-RateLimit-Reset``; None where neither says it.

    ``headers`` is asked for names in any case (httpx2's headers do not care).
    """
    wait = retry_after(headers.get("Retry-After"), now)
    reset = headers.get("X-RateLimit-Reset", "").strip()
    if wait is not None or not (reset.isascii() and reset.isdigit() and len(reset) <= 12):  # noqa: PLR2004
        return wait
    seconds = float(reset) - (now if float(reset) > _EPOCH else 0.0)
    return min(max(seconds, 1.0), MAX_WAIT)
