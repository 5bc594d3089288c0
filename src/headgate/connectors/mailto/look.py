"""How a message looks as a mail: what each outcome is called and coloured, how bars are drawn. Pure.

Templates get a :class:`Look`; they hold the arrangement, this module the decisions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from headgate.model.message import Bar, Message, Outcome

_DRAWN = 24
"""Characters of a bar drawn as text."""


@dataclass(frozen=True, slots=True)
class Style:
    """An outcome in words and colours. White text on ``colour`` has a contrast of at least 4.5 (WCAG 2.2, AA)."""

    word: str
    sign: str
    colour: str


STYLES = {
    Outcome.STARTED: Style("Started", "\u25b6", "#0b5cad"),
    Outcome.SUCCEEDED: Style("Succeeded", "\u2714", "#1a7136"),
    Outcome.FAILED: Style("Failed", "\u2716", "#b4232c"),
    Outcome.CANCELLED: Style("Cancelled", "\u25a0", "#57606a"),
    Outcome.TIMED_OUT: Style("Timed out", "\u25d4", "#9a4a00"),
    Outcome.OUT_OF_MEMORY: Style("Out of memory", "\u2716", "#8e2a7d"),
    Outcome.REQUEUED: Style("Requeued", "\u21bb", "#0f6674"),
    Outcome.WARNING: Style("Attention", "!", "#8a5300"),
    Outcome.MIXED: Style("Partly failed", "\u2716", "#9a4a00"),
    Outcome.NEUTRAL: Style("Note", "\u2022", "#44546a"),
}


@dataclass(frozen=True, slots=True)
class DrawnBar:
    """A bar, ready to be drawn. ``filled`` and ``empty`` are whole percents that make 100."""

    label: str
    text: str
    percent: str
    filled: int
    empty: int
    over: bool
    """More was used than given."""
    drawing: str
    """The bar in characters."""


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One line of a digest."""

    style: Style
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a template needs beside the message itself."""

    style: Style
    when: str
    bars: tuple[DrawnBar, ...]
    digest: tuple[ToldLine, ...]
    label_width: int
    """Characters of the longest label, within reason, for columns of text."""


def look_of(message: Message) -> Look:
    """Decide how a bounded message looks. Times are the local ones of this host, with their zone."""
    labels = [fact.label for fact in message.facts] + [bar.label for bar in message.bars]
    return Look(
        style=STYLES[message.outcome],
        when=datetime.fromtimestamp(message.time).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z"),
        bars=tuple(draw(bar) for bar in message.bars),
        digest=tuple(ToldLine(STYLES[line.outcome], line.text) for line in message.digest),
        label_width=min(max(map(len, labels), default=0), 24),
    )


def draw(bar: Bar) -> DrawnBar:
    """Draw a bar. What was used at all is never drawn as nothing, and only what is full is drawn full."""
    share = min(bar.fraction, 1.0)
    return DrawnBar(
        label=bar.label,
        text=bar.text,
        percent=_percent(bar.fraction),
        filled=(filled := _steps(share, 100)),
        empty=100 - filled,
        over=bar.fraction > 1.0,
        drawing="#" * (drawn := _steps(share, _DRAWN)) + "." * (_DRAWN - drawn),
    )


def _steps(share: float, steps: int) -> int:
    if share <= 0:
        return 0
    return steps if share >= 1 else min(max(round(share * steps), 1), steps - 1)


def _percent(fraction: float) -> str:
    percent = fraction * 100
    if 0 < percent < 1:
        return f"{max(percent, 0.1):.1f} %"
    return f"{math.floor(percent + 0.5)} %"
