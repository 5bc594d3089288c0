"""What a homeserver's answers mean for a message (client-server API, "Standard error response"). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headgate.connectors.http import MAX_WAIT
from headgate.errors import ConnectorError
from headgate.model.delivery import Reason
from headgate.notify.connector import GiveUp, Scope, TryAgain

_AGAIN = {
    "M_UNKNOWN_TOKEN": Reason.NOT_AUTHORISED,
    "M_MISSING_TOKEN": Reason.NOT_AUTHORISED,
    "M_USER_DEACTIVATED": Reason.NOT_AUTHORISED,
    "M_USER_LOCKED": Reason.NOT_AUTHORISED,
    "M_USER_SUSPENDED": Reason.NOT_AUTHORISED,
    "M_GUEST_ACCESS_FORBIDDEN": Reason.NOT_AUTHORISED,
    "M_CONSENT_NOT_GIVEN": Reason.NOT_AUTHORISED,
    "M_LIMIT_EXCEEDED": Reason.RATE_LIMITED,
    "M_RESOURCE_LIMIT_EXCEEDED": Reason.SERVICE_ERROR,
    "M_UNRECOGNIZED": Reason.SERVICE_ERROR,
}
"""Trouble of the account or the server: no other room would fare better."""
_NEVER = {
    "M_FORBIDDEN": Reason.TARGET_REFUSED,
    "M_NOT_FOUND": Reason.TARGET_REFUSED,
    "M_BAD_ALIAS": Reason.TARGET_REFUSED,
    "M_UNSUPPORTED_ROOM_VERSION": Reason.TARGET_REFUSED,
    "M_INCOMPATIBLE_ROOM_VERSION": Reason.TARGET_REFUSED,
    "M_TOO_LARGE": Reason.MESSAGE_REFUSED,
    "M_BAD_JSON": Reason.MESSAGE_REFUSED,
    "M_NOT_JSON": Reason.MESSAGE_REFUSED,
    "M_MISSING_PARAM": Reason.MESSAGE_REFUSED,
    "M_INVALID_PARAM": Reason.MESSAGE_REFUSED,
}
_BY_STATUS = {
    401: Reason.NOT_AUTHORISED,
    403: Reason.NOT_AUTHORISED,
    407: Reason.NOT_AUTHORISED,
    408: Reason.TIMEOUT,
    429: Reason.RATE_LIMITED,
}
"""For answers without a code: not the homeserver's, but those of a proxy before it."""


class RefusedError(ConnectorError):
    """The homeserver, or we for its sake, will not do what was asked. ``outcome`` is what the message came to."""

    def __init__(self, outcome: TryAgain | GiveUp) -> None:
        """Keep the outcome."""
        super().__init__(outcome.detail, transient=isinstance(outcome, TryAgain))
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the homeserver. ``content`` is empty if the body was no JSON object."""

    status: int
    content: Mapping[str, Any]
    after: float | None = None
    """Seconds to wait, from ``Retry-After``."""
    readable: bool = True
    """Whether the body was a JSON object, as all answers of a homeserver are."""

    @property
    def ok(self) -> bool:
        """Whether it did what was asked."""
        return self.status == 200 and self.readable and "errcode" not in self.content  # noqa: PLR2004 - the API knows no other success

    @property
    def code(self) -> str:
        """The homeserver's own code, such as ``M_FORBIDDEN``; empty if there is none."""
        code = self.content.get("errcode")
        return code if isinstance(code, str) else ""


def refused(reply: Reply, hide: Callable[[str], str], doing: str = "") -> TryAgain | GiveUp:
    """Say what becomes of a message after an answer that is not what was asked for."""
    detail = hide(f"{doing + ': ' if doing else ''}{_said(reply)}")
    if (never := _NEVER.get(reply.code)) is not None:
        return GiveUp(never, detail)
    again = _AGAIN.get(reply.code) or _BY_STATUS.get(reply.status)
    if again is not None:
        return TryAgain(again, detail, after=wait_of(reply), scope=Scope.CONNECTOR)
    match reply.status // 100:
        case 2:
            return TryAgain(Reason.BAD_ANSWER, f"{detail}: not what a homeserver answers")
        case 5:
            return TryAgain(Reason.SERVICE_ERROR, detail, after=reply.after)
        case 4 if reply.code:
            return GiveUp(Reason.MESSAGE_REFUSED, detail)
    # A redirect, or a refusal without a code: there is no homeserver behind this address.
    return TryAgain(Reason.SERVICE_ERROR, f"{detail}: is `homeserver` right?", scope=Scope.CONNECTOR)


def wait_of(reply: Reply) -> float | None:
    """Return the seconds the homeserver asked us to wait: by ``Retry-After`` or, older, ``retry_after_ms``."""
    asked = reply.content.get("retry_after_ms")
    known = isinstance(asked, int | float) and not isinstance(asked, bool) and 0 <= asked <= MAX_WAIT * 1000
    waits = [*([reply.after] if reply.after is not None else []), *([float(asked) / 1000] if known and asked else [])]
    return max(waits, default=None)


def _said(reply: Reply) -> str:
    error = reply.content.get("error")
    words = [f"HTTP {reply.status}", reply.code, error[:2000] if isinstance(error, str) else ""]
    return " ".join(word for word in words if word)
