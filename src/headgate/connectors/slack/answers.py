"""What Slack's answers mean for a message. Pure.

Errors come with status 200 and a code (https://docs.slack.dev/reference/methods/chat.postMessage#errors); only rate
limits (https://docs.slack.dev/apis/web-api/rate-limits) and outages have a status of their own.
"""

from __future__ import annotations

from headgate.connectors.http import Hide, outcome_of_status
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain

_REFUSED_TARGETS = frozenset(
    {
        "cannot_dm_bot",
        "channel_is_limited_access",
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "user_disabled",
        "user_not_found",
        "user_not_in_channel",
        "user_not_visible",
        "users_not_found",
    }
)
_REFUSED_MESSAGES = frozenset(
    {
        "invalid_arg_name",
        "invalid_arguments",
        "invalid_array_arg",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_charset",
        "invalid_form_data",
        "invalid_json",
        "invalid_post_type",
        "json_not_object",
        "missing_post_type",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    }
)
_NOT_AUTHORISED = frozenset(
    {
        "access_denied",
        "accesslimited",
        "account_inactive",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "forbidden_team",
        "invalid_auth",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
"""What an administrator has to mend: messages wait for it, and no other target fares better."""
_MENDABLE = frozenset({"messages_tab_disabled", "no_permission"})
"""The same, but channels and people may differ."""
_RATES = {"ratelimited": Scope.CONNECTOR, "message_limit_exceeded": Scope.CONNECTOR, "rate_limited": Scope.RECIPIENT}
"""``ratelimited`` counts calls of the whole app, ``rate_limited`` messages to one channel."""
_DOWN = frozenset({"org_login_required", "service_unavailable", "team_added_to_org"})
_UNREADABLE = "the answer is none of Slack's"
_TOO_MANY = 429
_OK = 200


def outcome_of_answer(status: int, data: object, said: str, *, after: float | None, hide: Hide) -> Outcome:
    """Say what became of a call that was answered so.

    ``data``: the body as JSON, None if it is none; ``said``: the body as text; ``after``: from ``Retry-After``.
    """
    if isinstance(data, dict):
        code = data.get("error")
        if data.get("ok") is True and status == _OK:
            return Delivered(reference=_reference(data))
        if data.get("ok") is False and isinstance(code, str):
            return _of_code(code, status, data, after, hide)
    outcome = outcome_of_status(status, said, after=after, hide=hide)
    if isinstance(outcome, TryAgain):
        everybody = outcome.reason in (Reason.RATE_LIMITED, Reason.NOT_AUTHORISED)
        return TryAgain(outcome.reason, outcome.detail, after, Scope.CONNECTOR if everybody else Scope.RECIPIENT)
    # Slack itself has no other statuses: a wrong base_url or a proxy answers so, and no message should die of that.
    return TryAgain(Reason.BAD_ANSWER, hide(f"HTTP {status}: {_UNREADABLE}"), after, Scope.CONNECTOR)


def _of_code(code: str, status: int, data: dict[object, object], after: float | None, hide: Hide) -> Outcome:
    words = code + _explained(data)
    detail = hide(words if status == _OK else f"HTTP {status}: {words}") or "error without a name"
    if code in _RATES or status == _TOO_MANY:
        return TryAgain(Reason.RATE_LIMITED, detail, after, _RATES.get(code, Scope.CONNECTOR))
    if code in _NOT_AUTHORISED:
        return TryAgain(Reason.NOT_AUTHORISED, detail, after, Scope.CONNECTOR)
    if code in _MENDABLE:
        return TryAgain(Reason.NOT_AUTHORISED, detail, after)
    if code in _REFUSED_TARGETS:
        return GiveUp(Reason.TARGET_REFUSED, detail)
    if code in _REFUSED_MESSAGES:
        return GiveUp(Reason.MESSAGE_REFUSED, detail)
    return TryAgain(Reason.SERVICE_ERROR, detail, after, Scope.CONNECTOR if code in _DOWN else Scope.RECIPIENT)


def _explained(data: dict[object, object]) -> str:
    """Return what Slack adds to a code: the scope that is missing, the argument that is wrong."""
    needed, more = data.get("needed"), data.get("response_metadata")
    if isinstance(needed, str):
        return f" (needs {needed})"
    messages = more.get("messages") if isinstance(more, dict) else None
    return f" ({messages[0]})" if isinstance(messages, list) and messages and isinstance(messages[0], str) else ""


def _reference(data: dict[object, object]) -> str:
    channel, stamp = data.get("channel"), data.get("ts")
    return f"{channel}:{stamp}"[:100] if isinstance(channel, str) and isinstance(stamp, str) else ""
