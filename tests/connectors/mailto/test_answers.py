from __future__ import annotations

import aiosmtplib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.connectors.mailto.answers import Stage, ends_connection, outcome_of, outcome_of_code
from headgate.model.delivery import Reason
from headgate.notify.connector import GiveUp, Scope, TryAgain

HERE, EVERYWHERE = Scope.RECIPIENT, Scope.CONNECTOR


@pytest.mark.parametrize(
    ("stage", "code", "reason", "scope"),
    [
        (Stage.CONNECT, 421, Reason.SERVICE_ERROR, EVERYWHERE),
        (Stage.CONNECT, 554, Reason.SERVICE_ERROR, EVERYWHERE),
        (Stage.LOGIN, 535, Reason.NOT_AUTHORISED, EVERYWHERE),
        (Stage.LOGIN, 454, Reason.SERVICE_ERROR, EVERYWHERE),
        (Stage.LOGIN, 504, Reason.NOT_AUTHORISED, EVERYWHERE),
        (Stage.SENDER, 530, Reason.NOT_AUTHORISED, EVERYWHERE),
        (Stage.SENDER, 550, Reason.SERVICE_ERROR, EVERYWHERE),
        (Stage.SENDER, 452, Reason.SERVICE_ERROR, EVERYWHERE),
        (Stage.RECIPIENT, 421, Reason.SERVICE_ERROR, EVERYWHERE),
        (Stage.RECIPIENT, 450, Reason.SERVICE_ERROR, HERE),
        (Stage.RECIPIENT, 452, Reason.SERVICE_ERROR, HERE),
        (Stage.RECIPIENT, 530, Reason.NOT_AUTHORISED, EVERYWHERE),
        (Stage.DATA, 451, Reason.SERVICE_ERROR, HERE),
        (Stage.DATA, 503, Reason.BAD_ANSWER, HERE),
        (Stage.RECIPIENT, -1, Reason.BAD_ANSWER, HERE),
        (Stage.RECIPIENT, 354, Reason.BAD_ANSWER, HERE),
        (Stage.CONNECT, -1, Reason.BAD_ANSWER, EVERYWHERE),
    ],
)
def test_these_answers_are_tried_again(stage: Stage, code: int, reason: Reason, scope: Scope) -> None:
    outcome = outcome_of_code(stage, code, "why", str)
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (reason, scope)
    assert str(code) in outcome.detail


@pytest.mark.parametrize(
    ("stage", "code", "reason"),
    [
        (Stage.RECIPIENT, 550, Reason.TARGET_REFUSED),
        (Stage.RECIPIENT, 551, Reason.TARGET_REFUSED),
        (Stage.RECIPIENT, 553, Reason.TARGET_REFUSED),
        (Stage.RECIPIENT, 554, Reason.TARGET_REFUSED),
        (Stage.SENDER, 552, Reason.MESSAGE_REFUSED),
        (Stage.DATA, 552, Reason.MESSAGE_REFUSED),
        (Stage.DATA, 554, Reason.MESSAGE_REFUSED),
    ],
)
def test_these_answers_are_for_good(stage: Stage, code: int, reason: Reason) -> None:
    outcome = outcome_of_code(stage, code, "why", str)
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is reason


@given(st.sampled_from(Stage), st.integers(-1, 999))
def test_no_answer_before_the_target_was_named_condemns_it(stage: Stage, code: int) -> None:
    outcome = outcome_of_code(stage, code, "", str)
    if stage < Stage.RECIPIENT:
        assert not isinstance(outcome, GiveUp) or outcome.reason is Reason.MESSAGE_REFUSED
    if not 500 <= code < 600:
        assert isinstance(outcome, TryAgain)


@pytest.mark.parametrize(
    ("stage", "error", "reason", "scope"),
    [
        (Stage.CONNECT, aiosmtplib.SMTPConnectTimeoutError("x"), Reason.TIMEOUT, EVERYWHERE),
        (Stage.CONNECT, aiosmtplib.SMTPConnectError("x"), Reason.UNREACHABLE, EVERYWHERE),
        (Stage.CONNECT, OSError(111, "refused"), Reason.UNREACHABLE, EVERYWHERE),
        (Stage.CONNECT, aiosmtplib.SMTPException("no STARTTLS"), Reason.SERVICE_ERROR, EVERYWHERE),
        (Stage.LOGIN, aiosmtplib.SMTPException("no AUTH"), Reason.NOT_AUTHORISED, EVERYWHERE),
        (Stage.RECIPIENT, TimeoutError(), Reason.TIMEOUT, HERE),
        (Stage.DATA, aiosmtplib.SMTPReadTimeoutError("x"), Reason.TIMEOUT, HERE),
        (Stage.DATA, aiosmtplib.SMTPServerDisconnected("x"), Reason.UNREACHABLE, HERE),
    ],
)
def test_silence_and_breaks_are_tried_again(stage: Stage, error: Exception, reason: Reason, scope: Scope) -> None:
    outcome = outcome_of(stage, error, str)
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (reason, scope)
    assert outcome.detail


def test_a_connection_survives_a_refusal_and_nothing_else() -> None:
    assert not ends_connection(Stage.RECIPIENT, aiosmtplib.SMTPRecipientRefused(550, "x", "a"))
    assert not ends_connection(Stage.DATA, aiosmtplib.SMTPDataError(451, "x"))
    for stage, error in (
        (Stage.RECIPIENT, aiosmtplib.SMTPRecipientRefused(421, "x", "a")),
        (Stage.RECIPIENT, aiosmtplib.SMTPResponseException(-1, "x")),
        (Stage.RECIPIENT, TimeoutError()),
        (Stage.LOGIN, aiosmtplib.SMTPAuthenticationError(535, "x")),
        (Stage.CONNECT, aiosmtplib.SMTPConnectError("x")),
    ):
        assert ends_connection(stage, error)
