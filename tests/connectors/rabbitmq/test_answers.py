from __future__ import annotations

import asyncio
import ssl

import pytest
from aio_pika import exceptions as aio
from aiormq import exceptions as rmq
from pamqp import commands
from pamqp.exceptions import UnmarshalingException

from headgate.connectors.rabbitmq.answers import LARGEST_FRAME, outcome_of_error, outcome_of_return
from headgate.connectors.redaction import Redaction
from headgate.model.delivery import Reason
from headgate.notify.connector import GiveUp, Outcome, Scope, TryAgain

HIDE = Redaction(["a-secret"])


def outcome(error: Exception, exchange: str = "") -> Outcome:
    return outcome_of_error(error, exchange=exchange, scope=Scope.RECIPIENT, hide=HIDE)


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason", "scope"),
    [
        (TimeoutError(), Reason.TIMEOUT, Scope.RECIPIENT),
        (aio.DeliveryError(None, commands.Basic.Nack(1)), Reason.SERVICE_ERROR, Scope.RECIPIENT),
        (rmq.ChannelAccessRefused("ACCESS_REFUSED"), Reason.NOT_AUTHORISED, Scope.RECIPIENT),
        (rmq.ChannelLockedResource("RESOURCE_LOCKED"), Reason.SERVICE_ERROR, Scope.RECIPIENT),
        (aio.ChannelClosed(541, "INTERNAL_ERROR"), Reason.SERVICE_ERROR, Scope.RECIPIENT),
        (aio.ProbableAuthenticationError("ACCESS_REFUSED"), Reason.NOT_AUTHORISED, Scope.CONNECTOR),
        (aio.ConnectionClosed(403, "ACCESS_REFUSED"), Reason.NOT_AUTHORISED, Scope.CONNECTOR),
        (rmq.ConnectionNotAllowed("NOT_ALLOWED - vhost"), Reason.NOT_AUTHORISED, Scope.CONNECTOR),
        (aio.ConnectionClosed(320, "CONNECTION_FORCED"), Reason.SERVICE_ERROR, Scope.CONNECTOR),
        (rmq.ConnectionInternalError("INTERNAL_ERROR"), Reason.SERVICE_ERROR, Scope.CONNECTOR),
        (rmq.InvalidFrameError("x"), Reason.BAD_ANSWER, Scope.RECIPIENT),
        (aio.IncompatibleProtocolError(), Reason.BAD_ANSWER, Scope.RECIPIENT),
        (UnmarshalingException("x", "y"), Reason.BAD_ANSWER, Scope.RECIPIENT),
        (ValueError("x"), Reason.BAD_ANSWER, Scope.RECIPIENT),
        (ConnectionRefusedError("refused"), Reason.UNREACHABLE, Scope.RECIPIENT),
        (ssl.SSLCertVerificationError("certificate verify failed"), Reason.UNREACHABLE, Scope.RECIPIENT),
        (aio.AMQPConnectionError("closed"), Reason.UNREACHABLE, Scope.RECIPIENT),
        (aio.ChannelInvalidStateError("closed"), Reason.UNREACHABLE, Scope.RECIPIENT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_may_pass_is_tried_again(error: Exception, reason: Reason, scope: Scope) -> None:
    said = outcome(error)
    assert isinstance(said, TryAgain)
    assert (said.reason, said.scope) == (reason, scope)
    assert said.detail


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (aio.ChannelNotFoundEntity("NOT_FOUND"), Reason.TARGET_REFUSED),
        (aio.ChannelPreconditionFailed("PRECONDITION_FAILED"), Reason.MESSAGE_REFUSED),
        (aio.ChannelClosed(311, "CONTENT_TOO_LARGE"), Reason.MESSAGE_REFUSED),
    ],
    ids=["no exchange", "too large", "content too large"],
)
def test_what_is_refused_for_good_is_given_up(error: Exception, reason: Reason) -> None:
    said = outcome(error)
    assert isinstance(said, GiveUp)
    assert said.reason is reason


def test_a_connection_that_ends_inside_a_frame_is_lost_unless_the_frame_was_no_frame() -> None:
    lost = caused(aio.AMQPConnectionError("x"), asyncio.IncompleteReadError(b"abc", 7))
    nonsense = caused(aio.AMQPConnectionError("x"), asyncio.IncompleteReadError(b"abc", LARGEST_FRAME + 1))
    said = [outcome(lost), outcome(nonsense)]
    assert [one.reason for one in said if isinstance(one, TryAgain)] == [Reason.UNREACHABLE, Reason.BAD_ANSWER]


def test_no_queue_is_a_refusal_and_no_binding_may_come_back() -> None:
    assert isinstance(outcome_of_return(312, "NO_ROUTE", exchange="", hide=HIDE), GiveUp)
    assert isinstance(outcome_of_return(312, "NO_ROUTE", exchange="jobs", hide=HIDE), TryAgain)


@pytest.mark.parametrize(
    "error",
    [
        aio.ChannelNotFoundEntity("no a-secret\n" * 100),
        aio.ConnectionClosed(541, "a-secret\x1b[2J" * 100),
        OSError("a-secret"),
        RuntimeError("a-secret"),
    ],
    ids=["channel", "connection", "system", "library"],
)
def test_details_are_one_bounded_line_without_secrets(error: Exception) -> None:
    said = outcome(error)
    assert isinstance(said, TryAgain | GiveUp)
    assert "a-secret" not in said.detail
    assert said.detail.isprintable()
    assert len(said.detail) <= 300
