"""What Discord's answers mean for a message. Pure.

Codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json. Rate limits:
https://discord.com/developers/docs/topics/rate-limits; an answer 429 without JSON is Cloudflare's, for the whole host.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from headgate.connectors.discord.targets import is_id
from headgate.connectors.http import MAX_WAIT, Hide, outcome_of_status, retry_after
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain

_UNAUTHORISED, _NOT_FOUND, _TOO_MANY = 401, 404, 429
_TARGET_REFUSED = frozenset(
    {
        10003,  # unknown channel
        10013,  # unknown user
        50001,  # missing access: the bot is not there
        50007,  # this person takes no private messages from the bot
        50008,  # a channel without text
        50013,  # missing permissions
        50024,  # not in a channel of this kind
        50033,  # invalid recipients
        50083,  # an archived thread
        50278,  # no server in common with this person
        160005,  # a locked thread
    }
)
_MESSAGE_REFUSED = frozenset(
    {
        40005,  # too large
        50006,  # empty
        50035,  # invalid form
        50109,  # no JSON
        200000,  # the server's AutoMod
        200001,
        240000,  # a link Discord takes for harmful
    }
)
_NOT_AUTHORISED = frozenset({40001, 40002, 50014})
_RATE_LIMITED = frozenset(
    {
        20016,  # slow mode
        20028,  # the channel's
        20029,  # the server's
        40003,  # private channels opened too fast
    }
)
_DOWN = frozenset(
    {
        40333,  # refused by the proxies in front
        130000,  # overloaded
    }
)
_ABOUT_TARGET = ("channel_id", "recipient_id")


def outcome_of_answer(
    status: int, headers: Mapping[str, str], data: object, said: str, *, now: float, whole: bool, hide: Hide
) -> Outcome:
    """Say what became of a request that was answered so.

    ``data`` is the body as JSON (None if it is none), ``said`` its beginning as text. ``whole``: whether the body came
    to its end. ``now``: seconds since the epoch.
    """
    code, words = error_of(data)
    detail = hide(f"HTTP {status}: {words} ({code})" if code is not None else f"HTTP {status}: {said}".rstrip(": "))
    if status // 100 == 2:  # noqa: PLR2004 (a class of statuses)
        return _accepted(status, data, whole=whole)
    if status == _TOO_MANY or code in _RATE_LIMITED:
        return _slow_down(headers, data, detail, now)
    if (known := _known(status, code, data, detail)) is not None:
        return known
    return outcome_of_status(
        status, f"{words} ({code})" if code is not None else said, after=_wait(headers, data, now), hide=hide
    )


def _known(status: int, code: int | None, data: object, detail: str) -> Outcome | None:
    """Say what the error's code means; None where the status says more."""
    if status == _UNAUTHORISED or code in _NOT_AUTHORISED:
        return TryAgain(Reason.NOT_AUTHORISED, detail, scope=Scope.CONNECTOR)
    if code in _DOWN:
        return TryAgain(Reason.SERVICE_ERROR, detail, scope=Scope.CONNECTOR)
    if code in _TARGET_REFUSED or (code in _MESSAGE_REFUSED and _is_about_target(data)):
        return GiveUp(Reason.TARGET_REFUSED, detail)
    if code in _MESSAGE_REFUSED:
        return GiveUp(Reason.MESSAGE_REFUSED, detail)
    if status == _NOT_FOUND:
        # Discord says which thing it does not know; without that, the address is wrong, which is the site's mistake.
        return TryAgain(Reason.BAD_ANSWER, detail, scope=Scope.CONNECTOR)
    return None


def error_of(data: object) -> tuple[int | None, str]:
    """Return an error's code and its words; None if the answer is no error of Discord's."""
    if not isinstance(data, dict):
        return None, ""
    code, words = data.get("code"), data.get("message")
    if not isinstance(code, int) or isinstance(code, bool) or not isinstance(words, str):
        return None, ""
    return code, words


def _accepted(status: int, data: object, *, whole: bool) -> Outcome:
    """Tell a message that was made, which has an id, from a proxy's page that says 200.

    An answer that breaks off was one; asked again, Discord would know the nonce.
    """
    found = data.get("id") if isinstance(data, dict) else None
    if is_id(found):
        return Delivered(str(found))
    if not whole:
        return Delivered()
    return TryAgain(Reason.BAD_ANSWER, f"HTTP {status}, but the answer is not Discord's")


def _slow_down(headers: Mapping[str, str], data: object, detail: str, now: float) -> Outcome:
    """``global`` concerns the whole bot, and what is no JSON the whole host; all else this channel or person."""
    everywhere = (
        not isinstance(data, dict)
        or data.get("global") is True
        or headers.get("X-RateLimit-Global", "").lower() == "true"
        or headers.get("X-RateLimit-Scope", "").lower() == "global"
    )
    scope = Scope.CONNECTOR if everywhere else Scope.RECIPIENT
    return TryAgain(Reason.RATE_LIMITED, detail, after=_wait(headers, data, now), scope=scope)


def _wait(headers: Mapping[str, str], data: object, now: float) -> float | None:
    """Return the seconds to wait: the body has them with fractions, the headers rounded up."""
    said = data.get("retry_after") if isinstance(data, dict) else None
    if not isinstance(said, int | float) or isinstance(said, bool):
        after = retry_after(headers.get("Retry-After"), now)
        return after if after is not None else _number(headers.get("X-RateLimit-Reset-After"))
    return _bounded(float(said)) if abs(said) < 1e12 else MAX_WAIT  # noqa: PLR2004 (an int too large for a float)


def _number(text: str | None) -> float | None:
    try:
        return _bounded(float((text or "")[:20]))
    except ValueError:
        return None


def _bounded(seconds: float) -> float | None:
    return min(max(seconds, 0.0), MAX_WAIT) if math.isfinite(seconds) else None


def _is_about_target(data: object) -> bool:
    errors = data.get("errors") if isinstance(data, dict) else None
    return isinstance(errors, dict) and any(name in errors for name in _ABOUT_TARGET)
