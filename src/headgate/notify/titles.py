"""The headline of a message about one job: the outcome, the title, and a sentence or two."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

from headgate.model.mail import MailKind
from headgate.model.message import Outcome
from headgate.model.states import JobState
from headgate.model.text import one_line
from headgate.notify.situation import Situation
from headgate.notify.wording import NAME_LIMIT, exit_text, moment, span

TITLE_LIMIT: Final = 200
"""Characters of a title."""

_ENDS: Final[dict[JobState, tuple[Outcome, str]]] = {
    JobState.COMPLETED: (Outcome.SUCCEEDED, "Completed"),
    JobState.CANCELLED: (Outcome.CANCELLED, "Cancelled"),
    JobState.FAILED: (Outcome.FAILED, "Failed"),
    JobState.TIMEOUT: (Outcome.TIMED_OUT, "Timed out"),
    JobState.NODE_FAIL: (Outcome.FAILED, "Node failed"),
    JobState.PREEMPTED: (Outcome.FAILED, "Preempted"),
    JobState.BOOT_FAIL: (Outcome.FAILED, "Nodes did not boot"),
    JobState.DEADLINE: (Outcome.FAILED, "Deadline reached"),
    JobState.OUT_OF_MEMORY: (Outcome.OUT_OF_MEMORY, "Out of memory"),
}
_KINDS: Final[dict[MailKind, tuple[Outcome, str]]] = {
    MailKind.BEGAN: (Outcome.STARTED, "Started"),
    MailKind.ENDED: (Outcome.NEUTRAL, "Ended"),
    MailKind.FAILED: (Outcome.FAILED, "Failed"),
    MailKind.REQUEUED: (Outcome.REQUEUED, "Requeued"),
    MailKind.INVALID_DEPENDENCY: (Outcome.WARNING, "Invalid dependency"),
    MailKind.STAGED_OUT: (Outcome.NEUTRAL, "Data staged out"),
    MailKind.TIME_LIMIT: (Outcome.TIMED_OUT, "Time limit reached"),
    MailKind.TIME_LIMIT_90: (Outcome.WARNING, "90 % of the time limit used"),
    MailKind.TIME_LIMIT_80: (Outcome.WARNING, "80 % of the time limit used"),
    MailKind.TIME_LIMIT_50: (Outcome.WARNING, "50 % of the time limit used"),
}
_MEANINGS: Final[dict[JobState, str]] = {
    JobState.NODE_FAIL: "One of its nodes failed.",
    JobState.PREEMPTED: "It had to give way to another job.",
    JobState.BOOT_FAIL: "Its nodes did not boot.",
    JobState.DEADLINE: "It was not done by its deadline.",
    JobState.OUT_OF_MEMORY: "It needed more memory than it had.",
}


def end_of(state: JobState) -> tuple[Outcome, str]:
    """Return outcome and word of a state in which a job can end."""
    return _ENDS.get(state, (Outcome.NEUTRAL, "Ended"))


def headline(known: Situation) -> tuple[Outcome, str]:
    """Return the outcome and the title: ``Failed (exit code 2): job 123 "align"``."""
    outcome, word = end_of(known.state) if known.state else _KINDS[known.kind]
    details = _details(known)
    return outcome, titled(f"{word}{details}", known.subject, known.name)


def titled(what: str, subject: str, name: str, after: str = "") -> str:
    """Return ``what: subject "name" after`` in one bounded line."""
    shown = one_line(name, NAME_LIMIT)
    quoted = f' "{shown}"' if shown else ""
    return one_line(f"{what}: {subject}{quoted}{after}", TITLE_LIMIT)


def _details(known: Situation) -> str:
    if known.state is JobState.CANCELLED:
        by = f" by {known.cancelled_by}" if known.cancelled_by else ""
        if known.never_started:
            return f"{by} before it started"
        after = span(known.elapsed)
        return f"{by} after {after}" if after else by
    if known.state is JobState.TIMEOUT:
        after = span(known.elapsed)
        return f" after {after}" if after else ""
    how = exit_text(known.exit_code, known.signal)
    return f" ({how})" if known.state is JobState.FAILED and how else ""


def summary(known: Situation, zone: tzinfo | None, staged_out: int | None) -> str:
    """Return a sentence or two about what happened, from what is known."""
    if known.kind.final:
        return _about_the_end(known)
    if known.kind is MailKind.BEGAN:
        return _about_the_start(known, zone)
    if known.kind is MailKind.REQUEUED:
        return "It is back in the queue and will start again."
    if known.kind is MailKind.INVALID_DEPENDENCY:
        return "It will not start: a job it depends on did not end the way it asked for."
    if known.kind is MailKind.STAGED_OUT:
        took = span(staged_out)
        return (
            f"Its data were moved out of the burst buffer in {took}."
            if took
            else "Its data are out of the burst buffer."
        )
    return _about_the_limit(known)


def _about_the_start(known: Situation, zone: tzinfo | None) -> str:
    waited = span(known.waited)
    sentences = [f"It waited for {waited}."] if waited else []
    if known.started is not None and known.limit:
        until = moment(known.started + known.limit, zone)
        if until:
            sentences.append(f"Its time limit ends it at {until} at the latest.")
    return " ".join(sentences)


def _about_the_end(known: Situation) -> str:
    sentences = [_MEANINGS[known.state]] if known.state in _MEANINGS else []
    ran, limit = span(known.elapsed), span(known.limit)
    if known.never_started:
        sentences.append("It never started.")
    elif ran and limit:
        sentences.append(f"It ran for {ran}; its time limit was {limit}.")
    elif ran:
        sentences.append(f"It ran for {ran}.")
    return " ".join(sentences)


def _about_the_limit(known: Situation) -> str:
    ran, limit = span(known.elapsed), span(known.limit)
    if ran is None or limit is None or known.limit is None or known.elapsed is None:
        return f"It has run for {ran}." if ran else ""
    left = span(known.limit - known.elapsed)
    if known.kind is MailKind.TIME_LIMIT or left is None:
        return f"It has run for {ran}; its time limit is {limit}."
    return f"It has run for {ran} of {limit}; {left} are left."
