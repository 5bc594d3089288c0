"""What is known about the job of one mail: Slurm's mail and its accounting, put together.

Where both speak, accounting says more and is asked later, so it decides; with these exceptions:

- What the message is about (began, ended, 80 % of the limit) is the mail's alone.
- An accounting record that is not over yet says nothing about an end.
- When slurmctld reported a failure and accounting says COMPLETED, the failure stands, and the message says that the two
  differ: nobody is to hear of success from a job that Slurm reported as failed.
- Name, work directory and comment are the mail's: slurmdbd calls a job ``allocation`` until it has got its name, and
  in tables that are not UTF-8, as MariaDB makes them for it, other scripts become question marks.
- Exit code and signal are the mail's, because slurmctld knows them whole (sacct takes 128 off the codes from 128 on).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headgate.model.job import Figures
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.states import JobState
from headgate.model.text import one_line
from headgate.notify.wording import known_seconds

_TEXT_LIMIT: Final = 300
_ROOT: Final = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """One job at the time its mail speaks of. Texts are clean and bounded; empty or None is unknown."""

    kind: MailKind
    scope: MailScope
    label: str
    """As users write it: ``123``, ``123_4``, ``123+0``; an array's own id for a summary."""
    name: str
    user: str
    cluster: str
    account: str
    partition: str
    qos: str
    work_dir: str
    comment: str
    state: JobState | None
    """How it ended; None if it is not over, or Slurm does not say."""
    exit_code: int | None
    signal: int | None
    cancelled_by: str
    """The name of who cancelled it."""
    never_started: bool
    submitted: float | None
    started: float | None
    ended: float | None
    waited: float | None
    elapsed: float | None
    limit: float | None
    restarts: int
    contradiction: str
    """What the two witnesses disagree on, in words for the reader."""

    @property
    def subject(self) -> str:
        """The words for it: ``job 123``, ``array 200``."""
        return f"array {self.label}" if self.scope is MailScope.ARRAY_SUMMARY else f"job {self.label}"


def situation(request: MailRequest, figures: Figures | None, users: Mapping[int, str]) -> Situation:
    """Put the two together; ``users`` are names of user ids, for who cancelled it."""
    state, contradiction = _end_state(request, figures)
    started = _first(figures.started if figures else None, request.started)
    submitted = (known_seconds(figures.attempt.submitted) or None) if figures else None
    exit_code, signal = _exit(request, figures)
    never = _never_started(request, figures)
    return Situation(
        kind=request.kind,
        scope=request.scope,
        label=one_line(_label(request, figures), 64),
        name=_text(request.name, figures.name if figures else ""),
        user=_text(figures.user if figures else "", request.user),
        cluster=_text(figures.attempt.cluster if figures else "", request.cluster),
        account=_text(figures.account if figures else "", request.account),
        partition=_text(figures.partition if figures else "", request.partition),
        qos=_text(figures.qos if figures else "", request.qos),
        work_dir=_text(request.work_dir, figures.work_dir if figures else ""),
        comment=_text(request.comment, figures.comment if figures else ""),
        state=state,
        exit_code=exit_code,
        signal=signal,
        cancelled_by=_canceller(request, figures, users) if state is JobState.CANCELLED else "",
        never_started=never,
        submitted=submitted,
        started=None if never else started,
        ended=_first(figures.ended if figures else None, request.ended) if request.kind.final else None,
        waited=_waited(request, submitted, None if never else started),
        elapsed=None if never else _elapsed(request, figures),
        limit=(known_seconds(figures.time_limit) or None) if figures else None,
        restarts=request.restarts or 0,
        contradiction=contradiction,
    )


def reported_state(request: MailRequest) -> JobState | None:
    """Return how the job ended by the mail alone; None if it does not say, or the job is not over."""
    if not request.kind.final:
        return None
    state = request.state if request.state and request.state.terminal else None
    if request.kind is MailKind.FAILED and state in (None, JobState.COMPLETED):
        return JobState.FAILED
    if state is None and not request.mixed and request.exit_code is not None:
        return JobState.FAILED if request.exit_code or request.signal else JobState.COMPLETED
    return state


def _end_state(request: MailRequest, figures: Figures | None) -> tuple[JobState | None, str]:
    mail = reported_state(request)
    if not request.kind.final or figures is None or not figures.state.terminal:
        return mail, ""
    if request.scope is MailScope.ARRAY_SUMMARY:  # the figures are those of one task
        return mail, ""
    if figures.state is JobState.COMPLETED and mail not in (None, JobState.COMPLETED):
        said = mail.text.replace("_", " ").lower() if mail else ""
        return mail, f"Slurm's mail reports this job as {said}, its accounting as completed; the mail is followed here."
    return figures.state, ""


def _exit(request: MailRequest, figures: Figures | None) -> tuple[int | None, int | None]:
    """Return exit code and signal; what the mail says, unless only accounting knows of a failure."""
    if not request.kind.final or request.scope is MailScope.ARRAY_SUMMARY:
        return None, None
    code, signal = request.exit_code, request.signal
    if figures is not None and figures.state.terminal and not code and not signal:
        return figures.exit.code, figures.exit.signal
    return code, signal


def _never_started(request: MailRequest, figures: Figures | None) -> bool:
    if not request.kind.final:
        return False
    if figures is not None and figures.state.terminal:
        return figures.started is None
    return request.run_time == 0 and not request.nodes and request.started is None


def _label(request: MailRequest, figures: Figures | None) -> str:
    if request.scope is MailScope.ARRAY_SUMMARY:
        return str(request.array.array_id if request.array else request.job_id)
    if request.array is not None and request.array.task is not None:
        return f"{request.array.array_id}_{request.array.task}"
    if request.het is not None:
        return f"{request.het.leader_id}+{request.het.offset}"
    return figures.label if figures and figures.label else str(request.job_id)


def _canceller(request: MailRequest, figures: Figures | None, users: Mapping[int, str]) -> str:
    by = figures.cancelled_by if figures else None
    if by is None:
        return ""
    if by in users:
        return one_line(users[by], 64)
    owner = _text(figures.user if figures else "", request.user)
    if by == request.uid and owner:
        return owner
    return "root" if by == _ROOT else f"user {by}"


def _waited(request: MailRequest, submitted: float | None, started: float | None) -> float | None:
    if submitted is not None and started is not None and started >= submitted:
        return started - submitted
    return known_seconds(request.queued_time)


def _elapsed(request: MailRequest, figures: Figures | None) -> float | None:
    """Return how long it ran; of a job still running, as of the mail."""
    accounted = known_seconds(figures.elapsed) if figures and figures.started is not None else None
    mailed = known_seconds(request.run_time)
    over = request.kind.final and figures is not None and figures.state.terminal
    return _first(accounted, mailed) if over else _first(mailed, accounted if request.kind.final else None)


def _text(first: str, otherwise: str) -> str:
    return one_line(first, _TEXT_LIMIT) or one_line(otherwise, _TEXT_LIMIT)


def _first(*values: float | None) -> float | None:
    return next((value for value in values if known_seconds(value) is not None), None)
