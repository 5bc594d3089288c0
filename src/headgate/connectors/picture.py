"""The efficiency picture: a message's bars as a PNG, for services that take images. Pure."""

from __future__ import annotations

import io
import math

from PIL import Image, ImageDraw, ImageFont

from headgate.connectors.style import STYLES
from headgate.model.message import Bar, Message

_WIDTH = 720
"""Pixels; services show it at about half of that, so that it is sharp on fine screens."""
_ROW = 84
_EDGE = 28
_MOST = 8
"""Bars drawn."""
_PAPER, _INK, _FAINT, _GROOVE, _OVER = "#ffffff", "#1f2328", "#57606a", "#e4e8ec", "#b4232c"
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def efficiency_picture(message: Message) -> bytes | None:
    """Return the bars of a bounded message as a PNG of 720 pixels' width; None if it has none."""
    bars = message.bars[:_MOST]
    if not bars:
        return None
    image = Image.new("RGB", (_WIDTH, 2 * _EDGE + _ROW * len(bars) - 16), _PAPER)
    draw = ImageDraw.Draw(image)
    for number, bar in enumerate(bars):
        _draw_bar(draw, bar, _EDGE + number * _ROW, STYLES[message.outcome].colour)
    written = io.BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _draw_bar(draw: ImageDraw.ImageDraw, bar: Bar, top: int, colour: str) -> None:
    large, small = ImageFont.load_default(26), ImageFont.load_default(22)
    left, right = _EDGE, _WIDTH - _EDGE
    fraction = min(max(bar.fraction, 0.0), 10.0) if math.isfinite(bar.fraction) else 0.0
    percent = f"{fraction * 100:.0f} %"
    draw.text((left, top), _fitting(draw, bar.label, large, 200), fill=_INK, font=large)
    draw.text((right, top), percent, fill=_INK, font=large, anchor="ra")
    room = right - left - 210 - int(draw.textlength(percent, large)) - 20
    draw.text((left + 210, top + 3), _fitting(draw, bar.text, small, room), fill=_FAINT, font=small)
    groove = (left, top + 40, right, top + 58)
    draw.rounded_rectangle(groove, radius=9, fill=_GROOVE)
    filled = left + round((right - left) * min(fraction, 1.0))
    if filled - left >= 2:  # noqa: PLR2004 (less than two pixels is nothing to see)
        shape = (left, top + 40, max(filled, left + 18), top + 58)
        draw.rounded_rectangle(shape, radius=9, fill=_OVER if fraction > 1 else colour)


def _fitting(draw: ImageDraw.ImageDraw, text: str, font: _Font, room: int) -> str:
    """Return as much of a text as fits into so many pixels."""
    text = text[:120]
    if draw.textlength(text, font) <= room:
        return text
    while text and draw.textlength(text + "…", font) > room:
        text = text[:-1]
    return text + "…"
