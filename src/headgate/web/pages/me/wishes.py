"""Preferences and subscriptions as forms bring them."""

from __future__ import annotations

import re
import time
from typing import Final

from pydantic import ValidationError

from headgate.actions.refusals import ParametersError
from headgate.model.message import Outcome
from headgate.model.person import Preferences, QuietHours, SubscriptionFilter
from headgate.model.spans import read_span
from headgate.web.local.bodies import bounded
from headgate.web.pages.forms import Form

_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::\d\d)?", re.ASCII)
_KEEP: Final = "keep"
"""What the form says of being muted when nothing about it shall change."""


def preferences_of(form: Form, before: Preferences) -> Preferences:
    """Return what a form prefers. Raises ParametersError that names the field."""
    outcomes = frozenset(_outcome(word) for word in form.all("outcome"))
    digest = form.get("digest")
    try:
        return Preferences(
            connector=form.get("connector") or None,
            quiet=_quiet(form.get("quiet_start"), form.get("quiet_end")),
            digest_every=_span(digest, "digest") if digest else None,
            outcomes=None if not outcomes or len(outcomes) == len(Outcome) else outcomes,
            muted_until=_muted(form.get("mute"), before),
        )
    except ValidationError as error:
        raise ParametersError(_first(error)) from error


def filter_of(form: Form) -> SubscriptionFilter:
    """Return of which jobs a form wants to be told. Raises ParametersError."""
    longer = form.get("longer_than")
    partitions = tuple(dict.fromkeys(re.split(r"[\s,]+", form.get("partitions")))) if form.get("partitions") else ()
    try:
        return bounded(
            SubscriptionFilter(
                starts=form.ticked("starts"),
                failures=form.ticked("failures"),
                longer_than=_span(longer, "longer than") if longer else None,
                partitions=tuple(filter(None, partitions)),
            )
        )
    except ValidationError as error:
        raise ParametersError(_first(error)) from error
    except ValueError as error:
        raise ParametersError(str(error)) from error


def clock_of(minute: int) -> str:
    """Return a minute of the day as clocks show it."""
    return f"{minute // 60:02}:{minute % 60:02}"


def span_of(seconds: float) -> str:
    """Return a span as ``read_span`` reads it, in the largest unit that fits."""
    whole = round(seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if whole and whole % size == 0:
            return f"{whole // size}{unit}"
    return f"{whole}s"


def _quiet(start: str, end: str) -> QuietHours | None:
    if not start and not end:
        return None
    begins, ends = _CLOCK.fullmatch(start), _CLOCK.fullmatch(end)
    if begins is None or ends is None:
        raise ParametersError("quiet hours should have a beginning and an end, such as 22:00 and 07:00")
    minutes = [int(one[1]) * 60 + int(one[2]) for one in (begins, ends)]
    return QuietHours(start=minutes[0], end=minutes[1])


def _muted(word: str, before: Preferences) -> float | None:
    if word == _KEEP:
        return before.muted_until
    return time.time() + _span(word, "mute") if word else None


def _span(word: str, name: str) -> float:
    seconds = read_span(word)
    if seconds is None:
        raise ParametersError(f"{name}: {word[:40]!r} is no span of time, such as 90m, 2h or 1d")
    return seconds


def _outcome(word: str) -> Outcome:
    if word not in list(Outcome):
        raise ParametersError("there is no such outcome")
    return Outcome(word)


def _first(error: ValidationError) -> str:
    """Return what is wrong first, without what was given."""
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
