"""How a message looks as a mail: what each outcome is called and coloured, how bars are drawn. Pure.

Templates get a :class:`Look`; they hold the arrangement, this module the decisions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from headgate.connectors.style import STYLES, Style
from headgate.model.message import Bar, Message

_DRAWN = 24
"""Characters of a bar drawn as text."""


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
