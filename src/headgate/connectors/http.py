"""What an HTTP answer, or its absence, means for a message: the same for every service spoken to by HTTP. Pure."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Callable

import httpx2

from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, TryAgain

MAX_WAIT = 24 * 3600.0
"""Seconds; a service that asks for more is asked again after this."""
_SECONDS = re.compile(r"[0-9]{1,10}")
_TRANSIENT = {
    401: Reason.NOT_AUTHORISED,
    403: Reason.NOT_AUTHORISED,
    407: Reason.NOT_AUTHORISED,
    408: Reason.TIMEOUT,
    425: Reason.SERVICE_ERROR,
    429: Reason.RATE_LIMITED,
}
"""Refusals that may end; wrong credentials are the site's mistake, and messages do not die of it at once."""
_GONE = frozenset({404, 410})

Hide = Callable[[str], str]


def outcome_of_status(status: int, said: str, *, after: float | None, hide: Hide) -> Outcome:
    """Say what became of a message that was answered with this status. ``said``: from the answer's body."""
    detail = hide(f"HTTP {status}: {said}" if said else f"HTTP {status}")
    if status in _TRANSIENT:
        return TryAgain(_TRANSIENT[status], detail, after=after)
    match status // 100:
        case 2:
            return Delivered()
        case 3:
            return GiveUp(Reason.TARGET_REFUSED, f"HTTP {status}: the endpoint has moved; redirects are not followed")
        case 4:
            return GiveUp(Reason.TARGET_REFUSED if status in _GONE else Reason.MESSAGE_REFUSED, detail)
        case 5:
            return TryAgain(Reason.SERVICE_ERROR, detail, after=after)
        case _:
            return TryAgain(Reason.BAD_ANSWER, detail)


def outcome_of_error(error: Exception, hide: Hide) -> Outcome:
    """Say what became of a message whose request ended with this error of httpx2, or with TimeoutError."""
    if isinstance(error, httpx2.TimeoutException | TimeoutError):
        return TryAgain(Reason.TIMEOUT, "no answer in time")
    words = hide(f"{type(error).__name__}: {error}")
    if isinstance(error, httpx2.ProtocolError | httpx2.DecodingError) and "disconnected" not in str(error):
        return TryAgain(Reason.BAD_ANSWER, words)
    return TryAgain(Reason.UNREACHABLE, words)


def retry_after(value: str | None, now: float) -> float | None:
    """Read a ``Retry-After`` header (RFC 9110, 10.2.3: seconds, or a date), as seconds from ``now``.

    At most ``MAX_WAIT`` and never negative; None if there is none, or none that can be read.
    """
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), MAX_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(text[:64])
        wait = moment.timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(wait, 0.0), MAX_WAIT)
