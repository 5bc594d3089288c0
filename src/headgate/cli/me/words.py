"""Preferences and subscriptions from words. How they are said is in ``headgate.model.person_words``."""

from __future__ import annotations

import re
from typing import Any, Final

import click

from headgate.model.message import Outcome
from headgate.model.person import FAILURES
from headgate.model.spans import read_span

OFF: Final = "off"
_QUIET: Final = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})", re.ASCII)
_OUTCOMES: Final = {outcome.value.replace(" ", "-"): outcome for outcome in Outcome}
_HOURS, _MINUTES = 24, 60


class Span(click.ParamType[float]):
    """A span of time: ``90m``, ``2h``, ``1d``; with ``off`` allowed, that is a negative number."""

    name = "span"

    def __init__(self, *, off: bool = False) -> None:
        self._off = off

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        if isinstance(value, float):
            return value
        if self._off and str(value).lower() == OFF:
            return -1.0
        seconds = read_span(str(value))
        if seconds is None:
            also = f" or {OFF}" if self._off else ""
            self.fail(f"{value!r} is no span of time, such as 90m, 2h, 1d{also}", param, ctx)
        return seconds


class Quiet(click.ParamType[dict[str, int]]):
    """Hours of every day, ``22:00-07:00``; or ``off``, which is empty."""

    name = "hours"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, int]:
        """Return where they start and end, in minutes of the day."""
        if isinstance(value, dict):
            return value
        if str(value).lower() == OFF:
            return {}
        match = _QUIET.fullmatch(str(value).strip())
        hours = [int(part) for part in match.groups()] if match else [_HOURS] * 4
        if max(hours[0], hours[2]) >= _HOURS or max(hours[1], hours[3]) >= _MINUTES or hours[:2] == hours[2:]:
            self.fail(f"{value!r} should be like 22:00-07:00, or {OFF}", param, ctx)
        return {"start": hours[0] * _MINUTES + hours[1], "end": hours[2] * _MINUTES + hours[3]}


class Only(click.ParamType[list[str]]):
    """Outcomes: ``failures``, ``all`` (which is empty), or words such as ``failed,timed-out``."""

    name = "outcomes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """Return the outcomes as the service calls them."""
        if isinstance(value, list):
            return value
        words = [word.strip().lower() for word in str(value).split(",")]
        if words == ["all"]:
            return []
        chosen: set[Outcome] = set()
        for word in words:
            if word in ("failures", "failure"):
                chosen |= FAILURES
            elif word in _OUTCOMES:
                chosen.add(_OUTCOMES[word])
            else:
                known = ", ".join(["all", "failures", *_OUTCOMES])
                self.fail(f"{word!r} is no outcome; there are: {known}", param, ctx)
        return sorted(outcome.value for outcome in chosen)
