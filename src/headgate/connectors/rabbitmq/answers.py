"""What the broker's answer, or its absence, means for a message. Pure.

The codes are those of AMQP 0-9-1 (https://www.rabbitmq.com/amqp-0-9-1-reference, "Constants"); which of them RabbitMQ
sends when: https://www.rabbitmq.com/docs/channels#error-handling and https://www.rabbitmq.com/docs/confirms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aio_pika.exceptions import (
    AuthenticationError,
    ChannelClosed,
    ConnectionClosed,
    DeliveryError,
    IncompatibleProtocolError,
    InvalidFrameError,
    ProbableAuthenticationError,
    ProtocolSyntaxError,
    PublishError,
)
from aiormq.exceptions import (
    ChannelAccessRefused,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    ConnectionNotAllowed,
)
from pamqp.exceptions import PAMQPException

from headgate.model.delivery import Reason
from headgate.notify.connector import GiveUp, Outcome, Scope, TryAgain

Hide = Callable[[str], str]

LARGEST_FRAME = 1 << 20
"""Octets; no broker sends larger frames to us. What announces one does not speak AMQP."""
_ACCESS_REFUSED = 403
_NOT_ALLOWED = 530
_CONTENT_TOO_LARGE = 311


def outcome_of_return(code: int | None, said: str, *, exchange: str, hide: Hide) -> Outcome:
    """Say what became of a message that no queue was found for (``Basic.Return``).

    In the default exchange that means that there is no such queue. Elsewhere, that nobody has bound one just now: a
    consumer that brings its own queue may come back.
    """
    words = hide(f"{code} {said}")
    if exchange:
        return TryAgain(Reason.TARGET_REFUSED, f"no queue is bound to the exchange for this routing key ({words})")
    return GiveUp(Reason.TARGET_REFUSED, f"there is no such queue ({words})")


def outcome_of_error(error: Exception, *, exchange: str, scope: Scope, hide: Hide) -> Outcome:
    """Say what became of a message that ended in this error of aio-pika.

    ``scope``: whom it concerns if the error does not say: the service while connecting, the recipient afterwards.
    """
    if isinstance(error, TimeoutError):
        return TryAgain(Reason.TIMEOUT, "no answer in time (the broker may have blocked publishers)", scope=scope)
    if isinstance(error, PublishError):
        returned = error.frame
        return outcome_of_return(
            getattr(returned, "reply_code", None),
            str(getattr(returned, "reply_text", "")),
            exchange=exchange,
            hide=hide,
        )
    if isinstance(error, DeliveryError):
        return TryAgain(
            Reason.SERVICE_ERROR, "the broker did not take the message: its queue is full, or not available"
        )
    if isinstance(error, ChannelClosed):
        return _outcome_of_channel(error, hide)
    return _outcome_of_connection(error, scope, hide)


def _outcome_of_channel(error: ChannelClosed, hide: Hide) -> Outcome:
    """Say what it means that the broker closed the channel: what was asked on it was wrong, or not allowed."""
    detail = hide(f"the broker said: {_said(error)}")
    match error:
        case ChannelNotFoundEntity():
            return GiveUp(Reason.TARGET_REFUSED, detail)
        case ChannelAccessRefused():
            return TryAgain(Reason.NOT_AUTHORISED, detail)
        case ChannelPreconditionFailed():
            return GiveUp(Reason.MESSAGE_REFUSED, detail)
    if _code(error) == _CONTENT_TOO_LARGE:
        return GiveUp(Reason.MESSAGE_REFUSED, detail)
    return TryAgain(Reason.SERVICE_ERROR, detail)


def _outcome_of_connection(error: Exception, scope: Scope, hide: Hide) -> Outcome:
    detail = hide(f"the broker said: {_said(error)}")
    if isinstance(error, ProbableAuthenticationError | AuthenticationError | ConnectionNotAllowed):
        return TryAgain(Reason.NOT_AUTHORISED, detail, scope=Scope.CONNECTOR)
    if isinstance(error, ConnectionClosed):
        refused = _code(error) in {_ACCESS_REFUSED, _NOT_ALLOWED}
        reason = Reason.NOT_AUTHORISED if refused else Reason.SERVICE_ERROR
        return TryAgain(reason, detail, scope=Scope.CONNECTOR)
    if isinstance(error, InvalidFrameError) and "Connection.Close " in str(error):
        # The library takes a refusal of the virtual host for a frame out of turn, and drops what the broker said.
        words = "the broker took the login and refused the virtual host: it is not there, not ours to use, or full"
        return TryAgain(Reason.NOT_AUTHORISED, words, scope=Scope.CONNECTOR)
    if isinstance(error, ProtocolSyntaxError | IncompatibleProtocolError | PAMQPException) or _is_nonsense(error):
        return TryAgain(Reason.BAD_ANSWER, "the broker's answer is not AMQP 0-9-1", scope=scope)
    if isinstance(error, OSError):
        return TryAgain(Reason.UNREACHABLE, hide(_words(error)), scope=scope)
    return TryAgain(Reason.UNREACHABLE, hide(f"the connection was lost: {_words(error)}"), scope=scope)


def _is_nonsense(error: Exception) -> bool:
    """Whether the connection ended while we waited for the rest of a frame larger than there are."""
    cause = error.__cause__
    if isinstance(cause, asyncio.IncompleteReadError):
        return bool(cause.partial) and (cause.expected or 0) > LARGEST_FRAME
    # A certificate that is not accepted is a ValueError, too.
    return isinstance(error, ValueError | TypeError | LookupError) and not isinstance(error, OSError)


def _said(error: Exception) -> str:
    """Return the broker's own words: the last of the arguments, after the code if there is one."""
    return " ".join(str(part) for part in error.args if part is not None) or type(error).__name__


def _code(error: Exception) -> int | None:
    first = error.args[0] if error.args else None
    return first if isinstance(first, int) else None


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
