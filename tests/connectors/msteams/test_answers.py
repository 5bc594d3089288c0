"""What a flow's answers mean."""

from __future__ import annotations

import pytest

from headgate.connectors.msteams.answers import outcome_of_answer
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain


def answered(
    status: int, said: str = "", run: str = "", *, after: float | None = None, shared: bool = False
) -> Outcome:
    """Return what becomes of a card that was answered so."""
    return outcome_of_answer(status, said, run, after=after, shared=shared, hide=lambda text: text)


def fault(code: str) -> str:
    """Return an error in Power Automate's form."""
    return f'{{"error":{{"code":"{code}","message":"words"}}}}'


def test_accepted_is_delivered_under_the_name_of_the_run() -> None:
    assert answered(202, run="08585") == Delivered("08585")
    assert answered(200) == Delivered()


def test_a_flow_that_is_gone_takes_nothing_more() -> None:
    assert answered(404, fault("WorkflowNotFound")) == GiveUp(
        Reason.TARGET_REFUSED, "HTTP 404: WorkflowNotFound: words"
    )


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, "WorkflowTriggerIsNotEnabled", Reason.SERVICE_ERROR),
        (400, "MissingApiVersionParameter", Reason.NOT_AUTHORISED),
        (401, "DirectApiAuthorizationRequired", Reason.NOT_AUTHORISED),
    ],
    ids=["switched off", "incomplete address", "wrong key"],
)
def test_the_site_s_mistakes_kill_no_message(status: int, code: str, reason: Reason) -> None:
    outcome = answered(status, fault(code))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is reason


def test_a_card_the_flow_does_not_take_is_given_up() -> None:
    for status, code in ((400, "TriggerInputSchemaMismatch"), (413, "RequestEntityTooLarge")):
        outcome = answered(status, fault(code))
        assert isinstance(outcome, GiveUp)
        assert outcome.reason is Reason.MESSAGE_REFUSED


@pytest.mark.parametrize(("shared", "scope"), [(True, Scope.CONNECTOR), (False, Scope.RECIPIENT)], ids=["one", "many"])
def test_too_many_requests_hold_up_those_that_share_the_address(shared: bool, scope: Scope) -> None:
    outcome = answered(429, after=3.0, shared=shared)
    assert outcome == TryAgain(Reason.RATE_LIMITED, "HTTP 429", after=3.0, scope=scope)


@pytest.mark.parametrize("said", ["", "[]", "null", '{"error":[]}', '{"error":{"code":{}}}', "[" * 5000, "<html>"])
def test_an_answer_in_no_known_form_is_taken_by_its_status(said: str) -> None:
    outcome = answered(500, said)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.SERVICE_ERROR
