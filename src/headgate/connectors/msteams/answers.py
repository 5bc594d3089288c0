"""What a flow's answer means for a message. Pure.

Power Automate answers 202 as soon as a flow has taken the card; whether Teams shows it is known to the flow alone.
Codes: Microsoft's "Troubleshoot common issues with triggers", and answers quoted in public issue threads.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from headgate.connectors.http import outcome_of_status
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Outcome, Scope, TryAgain

RUN_ID = "x-ms-workflow-run-id"
"""The header that names the flow's run, by which it is found in the run history."""
_SITES_MISTAKES = {
    "MissingApiVersionParameter": Reason.NOT_AUTHORISED,
    "DirectApiAuthorizationRequired": Reason.NOT_AUTHORISED,
    "WorkflowTriggerIsNotEnabled": Reason.SERVICE_ERROR,
}
"""A wrong address, or a flow that is switched off: no message dies of it."""


def outcome_of_answer(
    status: int, said: str, run: str, *, after: float | None, shared: bool, hide: Callable[[str], str]
) -> Outcome:
    """Say what became of a card. ``run``: the run's name, if given; ``shared``: all targets go by this address."""
    code, words = _fault(said)
    if code in _SITES_MISTAKES:
        outcome: Outcome = TryAgain(_SITES_MISTAKES[code], hide(f"HTTP {status}: {words}"))
    else:
        outcome = outcome_of_status(status, words, after=after, hide=hide)
    if isinstance(outcome, Delivered):
        return Delivered(hide(run)[:100]) if run else outcome
    if isinstance(outcome, TryAgain) and shared and outcome.reason in (Reason.NOT_AUTHORISED, Reason.RATE_LIMITED):
        return replace(outcome, scope=Scope.CONNECTOR)
    return outcome


def _fault(said: str) -> tuple[str, str]:
    """Return an error's code and words; the text itself if it is not in the usual form."""
    try:
        fault = json.loads(said)["error"]
        return str(fault["code"]), f"{fault['code']}: {fault.get('message', '')}"
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return "", said
