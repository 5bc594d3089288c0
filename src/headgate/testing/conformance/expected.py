"""What the suite expects: what a connector says to each trouble, and how much of anything is too much."""

from __future__ import annotations

from headgate.model.delivery import Reason
from headgate.model.message import Fact, JobIdentity, Message, Outcome
from headgate.notify.connector import GiveUp, TryAgain
from headgate.testing.conformance.service import Trouble

MAX_DETAIL = 500
"""Characters in an outcome's detail, at most."""
MAX_SIZE = 4_000_000
"""Octets of one message, at most, whatever a job has put into it."""
TIMEOUT = 1.0
"""Seconds a connector waits where it is to give up; troubles that end in silence take this long each."""
PATIENCE = 30.0
"""Seconds a connector waits elsewhere: long enough on a machine that is busy with other things."""

EXPECTED: dict[Trouble, tuple[type[TryAgain | GiveUp], frozenset[Reason]]] = {
    Trouble.REFUSE_TARGET: (GiveUp, frozenset({Reason.TARGET_REFUSED})),
    Trouble.REFUSE_MESSAGE: (GiveUp, frozenset({Reason.MESSAGE_REFUSED})),
    Trouble.REFUSE_FOR_NOW: (TryAgain, frozenset({Reason.SERVICE_ERROR})),
    Trouble.BREAK_DOWN: (TryAgain, frozenset({Reason.SERVICE_ERROR})),
    Trouble.REFUSE_CREDENTIALS: (TryAgain, frozenset({Reason.NOT_AUTHORISED})),
    Trouble.SLOW_DOWN: (TryAgain, frozenset({Reason.RATE_LIMITED, Reason.SERVICE_ERROR})),
    Trouble.HANG: (TryAgain, frozenset({Reason.TIMEOUT})),
    Trouble.RESET: (TryAgain, frozenset({Reason.UNREACHABLE})),
    Trouble.GIBBERISH: (TryAgain, frozenset({Reason.BAD_ANSWER})),
    Trouble.ENDLESS: (TryAgain, frozenset({Reason.BAD_ANSWER, Reason.SERVICE_ERROR, Reason.TIMEOUT})),
    Trouble.ECHO_SECRETS: (TryAgain, frozenset({Reason.SERVICE_ERROR})),
}
"""What a connector says to each trouble. A mail must not die of anything but a refusal for good."""
SILENT = frozenset(trouble for trouble, (_, reasons) in EXPECTED.items() if Reason.TIMEOUT in reasons)
"""The troubles that may end only when the connector gives up."""

MESSAGE = Message(
    title="Failed: job 17 (conformance)",
    outcome=Outcome.FAILED,
    time=1_700_000_000.0,
    job=JobIdentity(cluster="test", job_id="17", name="conformance", user="ada"),
    summary="It ended.",
    facts=(Fact(label="Exit code", value="2"),),
)
