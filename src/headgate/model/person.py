"""What people tell Headgate about themselves: where they can be reached, and of what they want to be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from headgate.model.message import Outcome

DAY = 24 * 60
"""Minutes of a day."""
_Minute = Annotated[int, Field(ge=0, lt=DAY)]
FAILURES = frozenset(
    {Outcome.FAILED, Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY, Outcome.MIXED, Outcome.WARNING, Outcome.REQUEUED}
)
"""Outcomes that somebody who wants to hear of failures wants to hear of."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class QuietHours(_Value):
    """A part of every day, by the site's clock, in which nothing is sent: from a minute of the day to another."""

    start: _Minute
    end: _Minute

    def over_at(self, moment: datetime) -> datetime | None:
        """Return when the quiet hours that hold this moment end; None if it is in none."""
        minute = moment.hour * 60 + moment.minute
        across_midnight = self.start > self.end
        inside = (minute >= self.start or minute < self.end) if across_midnight else self.start <= minute < self.end
        if not inside:
            return None
        end = moment.replace(hour=self.end // 60, minute=self.end % 60, second=0, microsecond=0)
        return end if end > moment else end + timedelta(days=1)


class Preferences(_Value):
    """What somebody prefers.

    Applies to everything that goes to targets linked to them, and to what is told of their own jobs where no other
    account is named.
    """

    connector: str | None = None
    """Where messages go when a job names no receiver."""
    quiet: QuietHours | None = None
    digest_every: Annotated[float, Field(ge=60, le=7 * 86400)] | None = None
    """Seconds; messages are gathered, and sent as one digest at every multiple of it."""
    outcomes: frozenset[Outcome] | None = None
    """Outcomes to be told of; None: of all."""
    muted_until: Annotated[float, Field(ge=0, le=4e9, allow_inf_nan=False)] | None = None
    """Seconds since the epoch until which messages are held back; they come as one digest then."""

    def wants(self, outcome: Outcome) -> bool:
        """Whether a message with this outcome is wanted at all."""
        return self.outcomes is None or outcome in self.outcomes or outcome is Outcome.NEUTRAL

    def held_until(self, now: float, zone: tzinfo | None) -> float | None:
        """Return until when what is told now has to be held, to be folded into one digest; None: it may go."""
        until = max(now, self.muted_until or 0.0)
        if self.digest_every is not None:
            until = max(until, (now // self.digest_every + 1) * self.digest_every)
        if self.quiet is not None:
            over = self.quiet.over_at(datetime.fromtimestamp(until, zone))
            until = until if over is None else over.timestamp()
        return until if until > now else None


class SubscriptionFilter(_Value):
    """Which of somebody's jobs a subscription tells of. Without ``failures`` and ``longer_than``: of every end."""

    starts: bool = False
    """Of starts, too."""
    failures: bool = False
    """Of jobs that did not end well."""
    longer_than: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Of jobs that ran for at least these seconds."""
    partitions: tuple[str, ...] = ()
    """Of jobs in these partitions only; empty: in any."""

    def wants_end(self, *, failed: bool, elapsed: float | None) -> bool | None:
        """Whether an end is told of; None if that cannot be said before it is known how long the job ran."""
        if not self.failures and self.longer_than is None:
            return True
        if self.failures and failed:
            return True
        if self.longer_than is None:
            return False
        return None if elapsed is None else elapsed >= self.longer_than


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody's wish to be told of their jobs, whatever ``--mail-type`` says."""

    id: int
    user: str
    connector: str
    filter: SubscriptionFilter


@dataclass(frozen=True, slots=True)
class Link:
    """A chat identity that belongs to a Unix account."""

    connector: str
    identity: str
    """The service's own id of the person."""
    user: str
    target: str
    """Where the person is told things in private."""
    name: str
    """What the person was called there when it was linked."""
    linked_at: float
