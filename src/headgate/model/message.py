"""Messages: what is to be said, as data. Each connector gives them its service's form.

Every text in a message may come from a job and is untrusted: connectors escape, bound and neutralise it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


class Outcome(enum.StrEnum):
    """What the message is about, in one word; connectors choose colour and wording by it."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    REQUEUED = "requeued"
    WARNING = "warning"
    """Something needs attention soon: 80 % of the time limit, an invalid dependency."""
    MIXED = "mixed"
    """An array of which some tasks failed."""
    NEUTRAL = "neutral"
    """A note: data staged out, a digest."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fact(_Value):
    """One line of the facts: ``Memory: 3.2 GiB of 8 GiB``."""

    label: str
    value: str


class Bar(_Value):
    """How much of something was used: ``fraction`` is used divided by given; it may exceed 1."""

    label: str
    fraction: float
    text: str
    """The figures behind the bar, for example ``1 h 2 min of 4 h``."""


class Link(_Value):
    """A link that Headgate itself made (never one a job supplied)."""

    label: str
    url: str


class LogTail(_Value):
    """The last lines of a job's output file."""

    path: str
    lines: tuple[str, ...]


class DigestLine(_Value):
    """One folded message inside a digest."""

    outcome: Outcome
    text: str


class JobIdentity(_Value):
    """Which job a message is about."""

    cluster: str
    job_id: str
    """As users write it: ``123``, ``123_4``, ``123_*``, ``123+0``."""
    name: str
    user: str


class Message(_Value):
    """What is to be said to one recipient, ready to be rendered."""

    title: str
    """One line: outcome first, then the job."""
    outcome: Outcome
    time: float
    """When it happened, seconds since the epoch."""
    job: JobIdentity | None = None
    execution: int | None = None
    """The execution of a rule that waits for somebody's decision, if this asks for it."""
    summary: str = ""
    """One or two sentences of plain text."""
    facts: tuple[Fact, ...] = ()
    bars: tuple[Bar, ...] = ()
    hints: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What the reader should know about this message itself: figures missing, messages folded."""
    log: LogTail | None = None
    links: tuple[Link, ...] = ()
    digest: tuple[DigestLine, ...] = ()
    """The folded messages, if this is a digest."""
    fields: Mapping[str, str | int | float | None] = {}
    """Figures for a site's own templates, under goslmailer's names (``MaxRSS``, ``SLURM_JOB_ID``); else empty."""
