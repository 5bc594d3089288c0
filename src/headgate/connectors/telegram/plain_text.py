"""A ``sendMessage`` body without its markup and buttons: for the day Telegram refuses the markup. Pure."""

from __future__ import annotations

import html
import re
from typing import Any

from headgate.connectors.telegram.markup import neutral, units
from headgate.connectors.telegram.rendering import LONGEST
from headgate.model.text import ELLIPSIS

_TAG = re.compile(r"<[^<>]*>")


def without_markup(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body with its text as people would have read it, and nothing in it that Telegram makes active."""
    text = neutral(html.unescape(_TAG.sub("", body["text"])))
    if units(text) > LONGEST:
        kept = text.encode("utf-16-le")[: 2 * (LONGEST - 1)]
        text = kept.decode("utf-16-le", "ignore") + ELLIPSIS
    plain = {name: value for name, value in body.items() if name not in ("parse_mode", "reply_markup")}
    return plain | {"text": text}
