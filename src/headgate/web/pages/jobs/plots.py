"""Bars of efficiency as drawings: how long each is, decided here, drawn by a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headgate.model.message import Bar
from headgate.notify.wording import percent

_LEAST: Final = 0.4
"""Per cent that are drawn of anything that is not nothing."""


@dataclass(frozen=True, slots=True)
class PlotLine:
    """A bar: its words, and how long it is, in per cent of what was given."""

    label: str
    percent: str
    text: str
    used: float
    over: bool
    """Whether more was used than given."""


def plot(bars: Sequence[Bar]) -> list[PlotLine]:
    """Return how some bars are drawn."""
    return [
        PlotLine(
            bar.label,
            f"{percent(bar.fraction)} %",
            bar.text,
            round(max(_LEAST, min(bar.fraction * 100, 100.0)), 1) if bar.fraction > 0 else 0.0,
            bar.fraction > 1,
        )
        for bar in bars
    ]
