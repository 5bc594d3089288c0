from __future__ import annotations

import io

import pytest
from PIL import Image

from headgate.connectors.bounds import Bounds, within
from headgate.connectors.picture import efficiency_picture
from headgate.connectors.samples import SAMPLES
from headgate.model.message import Bar, Message, Outcome
from headgate.testing.conformance.hostile import HOSTILE


def message(*bars: Bar) -> Message:
    return Message(title="t", outcome=Outcome.SUCCEEDED, time=0, bars=bars)


def opened(png: bytes | None) -> Image.Image:
    assert png is not None
    return Image.open(io.BytesIO(png))


def share_of(image: Image.Image, colour: tuple[int, int, int]) -> float:
    row = [image.getpixel((x, 28 + 49)) for x in range(28, 692)]
    return row.count(colour) / len(row)


def test_a_message_without_bars_has_no_picture() -> None:
    assert efficiency_picture(SAMPLES["digest"]) is None


@pytest.mark.parametrize("fraction", [0.25, 0.5, 1.0])
def test_a_bar_is_as_long_as_its_fraction(fraction: float) -> None:
    image = opened(efficiency_picture(message(Bar(label="CPU", fraction=fraction, text="x"))))
    assert share_of(image, (0x1A, 0x71, 0x36)) == pytest.approx(fraction, abs=0.02)


def test_more_than_was_given_is_drawn_in_red_and_full() -> None:
    image = opened(efficiency_picture(message(Bar(label="Memory", fraction=1.5, text="x"))))
    assert share_of(image, (0xB4, 0x23, 0x2C)) > 0.95


def test_every_bar_has_its_row() -> None:
    one = opened(efficiency_picture(message(Bar(label="a", fraction=0, text=""))))
    three = opened(efficiency_picture(message(*[Bar(label="a", fraction=0, text="")] * 3)))
    assert three.height - one.height == 2 * 84
    assert one.width == three.width == 720


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_drawn_and_bounded(name: str) -> None:
    text = HOSTILE[name]
    hostile = within(message(*[Bar(label=text, fraction=float("inf"), text=text)] * 30), Bounds(bars=30))
    png = efficiency_picture(hostile)
    assert png is not None
    assert len(png) < 300_000
