"""Which attempt of a job a mail is about. Decided without I/O."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.model.job import Figures
from headgate.model.mail import MailKind, MailRequest, MailScope

CLOCK_SKEW = 5.0
"""Seconds by which Slurm's hosts may disagree with ours."""


def choose(request: MailRequest, figures: Sequence[Figures]) -> Figures | None:
    """Return the figures of the attempt the mail is about, from those of every attempt of its job id.

    Job ids are used again and a requeued job has several attempts. A record counts only if it was submitted before the
    mail came. Of those, the one that began when the mail says; else the latest one that fits: put back into the queue
    if the mail says so, not put back if it says that the job is over.
    """
    possible = [
        figure
        for figure in figures
        if figure.attempt.job_id == request.job_id and figure.attempt.submitted <= request.received + CLOCK_SKEW
    ]
    possible.sort(key=lambda figure: figure.attempt.submitted)
    if request.started is not None:
        same = [figure for figure in possible if figure.started == request.started]
        possible = same or possible
    if request.kind is MailKind.BEGAN:
        # Before 23.02 the mail does not say when; both times are slurmctld's, so a later attempt starts after the mail.
        possible = [f for f in possible if f.started is not None and f.started <= request.received + 1] or possible
    elif request.kind is MailKind.REQUEUED:
        possible = [figure for figure in possible if figure.requeued] or possible
    elif request.kind.final:
        possible = [figure for figure in possible if not figure.requeued] or possible
    return possible[-1] if possible else None


def tasks_of(request: MailRequest, figures: Sequence[Figures]) -> list[Figures]:
    """Return the figures of the tasks of the array a summary is about: of each task its latest attempt."""
    if request.scope is not MailScope.ARRAY_SUMMARY or request.array is None:
        return []
    latest: dict[tuple[int | None, str], Figures] = {}
    for figure in sorted(figures, key=lambda item: item.attempt.submitted):
        if figure.array is None or figure.array.array_id != request.array.array_id:
            continue
        if figure.attempt.submitted <= request.received + CLOCK_SKEW:
            latest[figure.array.task, figure.array.tasks] = figure
    return list(latest.values())
