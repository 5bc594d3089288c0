from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.connectors.mailto.look import draw, look_of
from headgate.connectors.samples import DIGEST, FAILED
from headgate.connectors.style import STYLES
from headgate.model.message import Bar, Outcome


def test_every_outcome_has_its_own_word() -> None:
    assert set(STYLES) == set(Outcome)
    assert len({style.word for style in STYLES.values()}) == len(Outcome)


@pytest.mark.parametrize("outcome", Outcome)
def test_white_text_on_every_colour_can_be_read(outcome: Outcome) -> None:
    assert 1.05 / (luminance(STYLES[outcome].colour) + 0.05) >= 4.5


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance of ``#rrggbb``."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("fraction", "percent", "filled", "drawing"),
    [
        (0.0, "0 %", 0, "........................"),
        (0.0001, "0.1 %", 1, "#......................."),
        (0.005, "0.5 %", 1, "#......................."),
        (0.5, "50 %", 50, "############............"),
        (0.999, "100 %", 99, "#######################."),
        (1.0, "100 %", 100, "########################"),
        (1.12, "112 %", 100, "########################"),
        (1000.0, "100000 %", 100, "########################"),
    ],
)
def test_bars_are_drawn_honestly(fraction: float, percent: str, filled: int, drawing: str) -> None:
    bar = draw(Bar(label="l", fraction=fraction, text="t"))
    assert (bar.percent, bar.filled, bar.drawing) == (percent, filled, drawing)
    assert bar.over == (fraction > 1)


@given(st.floats(0, 1000))
def test_every_bar_is_whole(fraction: float) -> None:
    bar = draw(Bar(label="l", fraction=fraction, text="t"))
    assert bar.filled + bar.empty == 100
    assert len(bar.drawing) == 24


def test_a_look_holds_what_templates_need() -> None:
    look = look_of(FAILED)
    assert look.style.word == "Failed"
    assert look.label_width == len("Working directory")
    assert look.when.startswith("2026-11-21 ")
    assert [line.style.word for line in look_of(DIGEST).digest][-2:] == ["Succeeded", "Started"]
