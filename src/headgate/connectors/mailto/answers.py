"""What a mail server's answer, or its silence, means for the mail. Pure.

The rule behind the table: a mail dies only when the server says for good that this target or this mail will not do.
Whatever may be the site's or the server's own fault (a wrong password, a sender the server does not like, no TLS) is
tried again, for all mails together, until somebody has mended it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from aiosmtplib import SMTPException, SMTPNotSupported, SMTPResponseException

from headgate.model.delivery import Reason
from headgate.notify.connector import GiveUp, Outcome, Scope, TryAgain

Hide = Callable[[str], str]


class Stage(enum.IntEnum):
    """How far a conversation with the server had come."""

    CONNECT = 0
    """Connecting, the greeting, EHLO, TLS."""
    LOGIN = 1
    SENDER = 2
    """MAIL: nothing has been said about the target yet."""
    RECIPIENT = 3
    DATA = 4
    """DATA and the mail itself."""

    @property
    def scope(self) -> Scope:
        """Whom a failure at this stage concerns."""
        return Scope.RECIPIENT if self >= Stage.RECIPIENT else Scope.CONNECTOR

    @property
    def words(self) -> str:
        """What was being done, for operators."""
        return {
            Stage.CONNECT: "connecting",
            Stage.LOGIN: "logging in",
            Stage.SENDER: "MAIL",
            Stage.RECIPIENT: "RCPT",
            Stage.DATA: "DATA",
        }[self]


_UNAVAILABLE = 421
_NEEDS_LOGIN = frozenset({530, 534, 535, 538})
"""RFC 4954, section 6, and RFC 3207: authentication is missing, too weak, wrong, or needs TLS."""
_OUT_OF_STEP = 503
_TOO_LARGE = 552


def outcome_of(stage: Stage, error: Exception, hide: Hide) -> Outcome:
    """Say what became of a mail whose conversation ended with this error at this stage."""
    if isinstance(error, SMTPResponseException):
        return outcome_of_code(stage, error.code, error.message, hide)
    if isinstance(error, TimeoutError):
        return TryAgain(Reason.TIMEOUT, f"no answer in time ({stage.words})", scope=stage.scope)
    if isinstance(error, OSError):
        return TryAgain(Reason.UNREACHABLE, hide(f"{stage.words}: {_cause(error)}"), scope=stage.scope)
    if isinstance(error, SMTPNotSupported) and stage is Stage.SENDER:
        return GiveUp(Reason.TARGET_REFUSED, hide(str(error)))
    reason = Reason.NOT_AUTHORISED if stage is Stage.LOGIN else Reason.SERVICE_ERROR
    return TryAgain(reason, hide(f"{stage.words}: {error}"), scope=stage.scope)


def outcome_of_code(stage: Stage, code: int, text: str, hide: Hide) -> Outcome:
    """Say what became of a mail that was answered with this code at this stage."""
    detail = hide(f"{stage.words}: {code} {text}")
    if not 400 <= code < 600 or code == _OUT_OF_STEP:  # noqa: PLR2004 - RFC 5321's classes of failure
        return TryAgain(Reason.BAD_ANSWER, detail, scope=stage.scope)
    if code == _UNAVAILABLE:
        return TryAgain(Reason.SERVICE_ERROR, detail, scope=Scope.CONNECTOR)
    if code in _NEEDS_LOGIN:
        return TryAgain(Reason.NOT_AUTHORISED, detail, scope=Scope.CONNECTOR)
    if code < 500:  # noqa: PLR2004
        return TryAgain(Reason.SERVICE_ERROR, detail, scope=stage.scope)
    return _refused_for_good(stage, code, detail)


def ends_connection(stage: Stage, error: Exception) -> bool:
    """Whether the connection can take no further mail after this error."""
    if stage < Stage.SENDER or not isinstance(error, SMTPResponseException):
        return not isinstance(error, SMTPNotSupported)
    return error.code == _UNAVAILABLE or not 200 <= error.code < 600  # noqa: PLR2004 - no answer of SMTP at all


def _refused_for_good(stage: Stage, code: int, detail: str) -> Outcome:
    match stage:
        case Stage.RECIPIENT:
            return GiveUp(Reason.TARGET_REFUSED, detail)
        case Stage.DATA:
            return GiveUp(Reason.MESSAGE_REFUSED, detail)
        case Stage.SENDER if code == _TOO_LARGE:
            return GiveUp(Reason.MESSAGE_REFUSED, detail)
        case Stage.LOGIN:
            return TryAgain(Reason.NOT_AUTHORISED, detail, scope=Scope.CONNECTOR)
        case _:
            return TryAgain(Reason.SERVICE_ERROR, detail, scope=Scope.CONNECTOR)


def _cause(error: OSError) -> str:
    """Return the words of the error, which aiosmtplib keeps in its own attribute."""
    return error.message if isinstance(error, SMTPException) else str(error) or type(error).__name__
