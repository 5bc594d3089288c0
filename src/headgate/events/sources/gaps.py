"""Since when jobs may have come and gone unseen. Decided without I/O.

There are two ways to miss a job from its first to its last second: nobody looked for a while, or slurmctld was killed,
goes on from what it saved last, and does not know any more what came after. Accounting may know of both. It is asked
from then on, and asked again while slurmctld still has something to tell it: what slurmdbd could not take while it was
away comes late, with the times at which it happened.
"""

from __future__ import annotations

from typing import Final

_CHECK_INTERVALS: Final = 6
"""Looks between two questions when slurmctld was started."""
_UNCERTAIN: Final = 3600.0
"""Seconds after which accounting is asked where nobody says when slurmctld was started (slurmrestd does not)."""
_SLACK: Final = 120.0
"""Seconds by which a cursor may be behind what was checked, and clocks may differ, at most."""
_AGAIN: Final = 10.0
_AGAIN_AT_MOST: Final = 300.0
"""Seconds until accounting is asked again while slurmctld has more to tell it, at first and at last."""
_LATEST: Final = 3600.0
"""Seconds for which that is done: on a busy cluster there may always be something to tell."""


class Gaps:
    """Since when something may have been missed, and when to ask for it. All times are seconds since the epoch."""

    def __init__(self, interval: float) -> None:
        """``interval``: between two looks."""
        self._interval = interval
        self._check_every = interval * _CHECK_INTERVALS
        self._check_at = 0.0
        self._seen: float | None = None
        self._sure: float | None = None
        self._started: float | None = None
        self._ask_at = 0.0
        self._first_answer: float | None = None
        self.since: float | None = None
        """From here on something may have been missed; None: nothing was."""

    def begin(self, seen: float | None) -> None:
        """Go on from where everything was seen last; None: nobody ever looked."""
        self._seen = self._sure = seen

    def look(self, now: float) -> None:
        """Take note that the queue was seen, before anything of it is written down."""
        if self._seen is not None and now - self._seen > self._interval * 2:
            self._open(self._seen)

    def seen(self, now: float) -> None:
        """Take note that what was seen is written down."""
        self._seen = now

    def unanswered(self) -> None:
        """Take note that slurmctld did not answer: it may be starting anew."""
        self._check_at = 0.0

    def to_check(self, now: float) -> bool:
        """Say whether to ask when slurmctld was started."""
        return now >= self._check_at

    def checked(self, now: float, started: float | None) -> None:
        """Take note of when slurmctld was started; None: that is not known."""
        self._check_at = now + self._check_every
        if self._sure is not None:
            if started is None:
                if now - self._sure < _UNCERTAIN:
                    return
                self._open(self._sure)
            elif started != self._started and (
                self._started is not None or started > self._sure - max(_SLACK, 2 * self._check_every)
            ):
                self._open(self._sure)
        self._started, self._sure = started, now

    def due(self, now: float) -> bool:
        """Say whether accounting is to be asked for what was missed."""
        return self.since is not None and now >= self._ask_at

    def postpone(self, until: float) -> None:
        """Ask accounting no earlier: it did not answer."""
        self._ask_at = until

    def answered(self, now: float, backlog: int) -> None:
        """Take note that accounting's answer is written down. ``backlog``: what slurmctld had left to tell it then."""
        if self._first_answer is None:
            self._first_answer = now
        waited = now - self._first_answer
        if not backlog or waited > _LATEST:
            self.since, self._first_answer = None, None
        else:
            self._ask_at = now + min(_AGAIN_AT_MOST, max(_AGAIN, waited))

    def _open(self, since: float) -> None:
        if self.since is None or since < self.since:
            self.since = since
        self._ask_at, self._first_answer = 0.0, None
