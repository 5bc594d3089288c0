"""The message that answers one mail request: from what Slurm said and what accounting knows to what a user reads.

A function from values to a value; read it from :func:`build_message` down. How the two witnesses are put together
stands in ``situation.py``, the headline in ``titles.py``, the figures in ``facts.py``, arrays in ``array_summary.py``,
advice in ``hints.py``.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from headgate.config.notify import HintSettings, MessageSettings
from headgate.model.job import Figures
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.message import JobIdentity, Link, LogTail, Message
from headgate.model.text import log_line, one_line
from headgate.notify.array_summary import array_bars, array_facts, array_headline, array_summary_text, tasks_of
from headgate.notify.facts import job_bars, job_facts
from headgate.notify.fields import fields_of
from headgate.notify.hints import hints_for, use_of
from headgate.notify.situation import Situation, situation
from headgate.notify.titles import headline, summary
from headgate.notify.wording import known_seconds

LOG_LINE_LIMIT: Final = 500
"""Characters of one line of a job's output."""
LOG_LINES: Final = 200
"""Lines of a job's output."""
NO_FIGURES: Final = "Slurm's accounting did not answer in time, so this message cannot say what the job used."
"""Why a message about an end has no figures at all."""
INCOMPLETE_FIGURES: Final = (
    "Slurm's accounting was not complete when this message was made: figures are missing, or may be too low."
)
"""Why a message about an end has few figures."""


def build_message(
    request: MailRequest,
    figures: Figures | None,
    *,
    tasks: Sequence[Figures] = (),
    settings: MessageSettings,
    hints: HintSettings,
    log: LogTail | None = None,
    figures_missing: bool = False,
    users: Mapping[int, str] | None = None,
    fields: bool = False,
) -> Message:
    """Return the message for one mail request.

    ``figures`` are those of the job, of the task, or of any task of the array; ``tasks`` those of all tasks of an
    array. ``figures_missing`` says that accounting was waited for in vain. ``users`` are names of user ids, for who
    cancelled the job. ``fields`` adds the figures that a site's own templates use. Raises nothing for any request and
    figures.
    """
    any_figures = figures or (tasks[0] if tasks and request.scope is MailScope.ARRAY_SUMMARY else None)
    known = situation(request, any_figures, users or {})
    zone = ZoneInfo(settings.time_zone) if settings.time_zone else None
    parts = _Parts(request, figures, known, zone, settings, hints)
    message = parts.of_array(tasks) if known.scope is MailScope.ARRAY_SUMMARY else parts.of_job()
    notes = [known.contradiction] if known.contradiction else []
    told = list(tasks) if known.scope is MailScope.ARRAY_SUMMARY else [figures] if figures else []
    notes += _on_missing(known, told, figures_missing=figures_missing)
    return message.model_copy(
        update={
            "notes": tuple(notes),
            "links": _links(known, request, settings.job_link, settings.job_link_label),
            "log": _clean_log(log) if log else None,
            "fields": fields_of(request, any_figures, zone) if fields else {},
        }
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """What both forms of message are made from."""

    request: MailRequest
    figures: Figures | None
    known: Situation
    zone: tzinfo | None
    settings: MessageSettings
    hints: HintSettings

    def of_job(self) -> Message:
        """Return the message about one job or task."""
        known, figures = self.known, self.figures
        outcome, title = headline(known)
        return Message(
            title=title,
            outcome=outcome,
            time=_time_of(known, self.request),
            job=_identity(known, known.label),
            summary=summary(known, self.zone, self.request.staged_out_time),
            facts=job_facts(known, self.request, figures, self.zone),
            bars=job_bars(known, figures),
            hints=hints_for(use_of([figures]), self.hints) if figures and self._is_followed(figures) else (),
        )

    def of_array(self, records: Sequence[Figures]) -> Message:
        """Return the message about an array as a whole."""
        known, tasks = self.known, tasks_of(records)
        use = use_of(tasks.figures) if tasks else None
        outcome, title = array_headline(known, self.request, tasks)
        told = array_summary_text(known, self.request, tasks)
        plain = (
            ""
            if known.kind.final or known.kind is MailKind.BEGAN
            else summary(known, self.zone, self.request.staged_out_time)
        )
        return Message(
            title=title,
            outcome=outcome,
            time=_time_of(known, self.request),
            job=_identity(known, f"{known.label}_*"),
            summary=" ".join(text for text in (plain, told) if text),
            facts=array_facts(known, self.request, tasks, use, zone=self.zone, listed=self.settings.listed),
            bars=array_bars(known, use),
            hints=hints_for(use, self.hints) if known.kind.final else (),
        )

    def _is_followed(self, figures: Figures) -> bool:
        """Whether the figures are of the end that the message tells of."""
        return self.known.kind.final and figures.state is self.known.state


def _on_missing(known: Situation, told: Sequence[Figures], *, figures_missing: bool) -> list[str]:
    """Return the note that a message about an end owes when it has no or few figures."""
    if not known.kind.final:
        return []
    if not told:
        return [NO_FIGURES] if figures_missing else []
    return [] if all(one.complete for one in told) else [INCOMPLETE_FIGURES]


def _identity(known: Situation, label: str) -> JobIdentity:
    return JobIdentity(cluster=known.cluster, job_id=label, name=known.name, user=known.user)


def _time_of(known: Situation, request: MailRequest) -> float:
    """Return when it happened, or else when Slurm said so."""
    happened = known.ended if known.kind.final else known.started if known.kind is MailKind.BEGAN else None
    return known_seconds(happened) or known_seconds(request.received) or 0.0


def _links(known: Situation, request: MailRequest, template: str, label: str) -> tuple[Link, ...]:
    """Return the link to the site's page about the job; what comes from the job is percent-encoded."""
    if not template:
        return ()
    values = {
        "cluster": known.cluster,
        "job_id": known.label,
        "raw_job_id": str(request.job_id),
        "user": known.user,
    }
    if any(not values[name] for _, name, _, _ in string.Formatter().parse(template) if name):
        return ()
    url = template.format_map({name: quote(value, safe="") for name, value in values.items()})
    return (Link(label=label, url=url),)


def _clean_log(log: LogTail) -> LogTail:
    """Return the log with nothing in it that steers whatever shows it."""
    return LogTail(
        path=one_line(log.path, LOG_LINE_LIMIT),
        lines=tuple(log_line(line, LOG_LINE_LIMIT) for line in log.lines[-LOG_LINES:]),
    )
