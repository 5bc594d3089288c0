"""One message, cleaned and bounded, before any service's form is made of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from headgate.model.message import Bar, DigestLine, Fact, JobIdentity, Link, LogTail, Message
from headgate.model.text import log_line, one_line

_Item = TypeVar("_Item")
_LAST_SECOND = 253402300799.0
"""The end of the year 9999, the last second a date can be written for."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a message a service is given: characters for texts, numbers for lists."""

    title: int = 200
    text: int = 1000
    label: int = 60
    value: int = 500
    url: int = 2000
    facts: int = 40
    bars: int = 12
    remarks: int = 20
    """Hints, and notes."""
    links: int = 10
    log_lines: int = 100
    log_line: int = 400
    digest: int = 400


def within(message: Message, bounds: Bounds) -> Message:
    """Return the message with every text cleaned and bounded; what is left out is said in its notes."""
    left_out: list[str] = []

    def first(items: Sequence[_Item], limit: int, called: str) -> Sequence[_Item]:
        if len(items) > limit:
            left_out.append(f"{len(items) - limit} more {called} left out of this message.")
        return items[:limit]

    text = _line(bounds.text)
    label, value = _line(bounds.label), _line(bounds.value)
    facts = tuple(Fact(label=label(f.label), value=value(f.value)) for f in first(message.facts, bounds.facts, "facts"))
    bars = tuple(
        Bar(label=label(bar.label), fraction=_fraction(bar.fraction), text=value(bar.text))
        for bar in first(message.bars, bounds.bars, "bars")
    )
    links = tuple(
        Link(label=label(link.label), url=one_line(link.url, bounds.url))
        for link in first(message.links, bounds.links, "links")
    )
    digest = tuple(
        DigestLine(outcome=line.outcome, text=value(line.text))
        for line in first(message.digest, bounds.digest, "messages")
    )
    hints = tuple(text(hint) for hint in first(message.hints, bounds.remarks, "hints"))
    notes = tuple(text(note) for note in first(message.notes, bounds.remarks, "notes"))
    return Message(
        title=one_line(message.title, bounds.title),
        outcome=message.outcome,
        time=min(max(message.time, 0.0), _LAST_SECOND) if math.isfinite(message.time) else 0.0,
        job=_job(message.job, bounds) if message.job else None,
        execution=message.execution,
        summary=text(message.summary),
        facts=facts,
        bars=bars,
        hints=hints,
        notes=(*notes, *left_out),
        log=_log(message.log, bounds) if message.log else None,
        links=links,
        digest=digest,
        fields={
            name: value(field) if isinstance(field, str) else field
            for name, field in list(message.fields.items())[:200]
            if not isinstance(field, float) or math.isfinite(field)
        },
    )


def _line(limit: int) -> Callable[[str], str]:
    return lambda text: one_line(text, limit)


def _fraction(fraction: float) -> float:
    return min(max(fraction, 0.0), 1000.0) if math.isfinite(fraction) else 0.0


def _job(job: JobIdentity, bounds: Bounds) -> JobIdentity:
    return JobIdentity(
        cluster=one_line(job.cluster, bounds.label),
        job_id=one_line(job.job_id, bounds.label),
        name=one_line(job.name, bounds.title),
        user=one_line(job.user, bounds.label),
    )


def _log(log: LogTail, bounds: Bounds) -> LogTail:
    return LogTail(
        path=one_line(log.path, bounds.value),
        lines=tuple(log_line(line, bounds.log_line) for line in log.lines[-bounds.log_lines :]),
    )
