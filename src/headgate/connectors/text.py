"""Making foreign text fit to be shown: cleaned of what steers a terminal, a browser or the reading order, and bounded.

This is the part of the work that is the same for every service. Escaping (HTML, JSON, Markdown) comes after it and
belongs to the service's own rendering.
"""

from __future__ import annotations

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

_READ_AHEAD = 4
"""Characters looked at per character wanted: cleaning never makes a text longer, and never reads a megabyte."""
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)?|[@-Z\\^_])")
"""ECMA-48 control sequences, and the operating system commands that set a window's title or make a link."""
_BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
"""Controls, overrides of the reading direction, and code points that are no characters (a lone surrogate cannot even
be encoded)."""
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_STACKED = re.compile(f"([{_MARKS}]{{4}})[{_MARKS}]+")
"""More combining marks on one letter than any script uses: they paint over the neighbouring lines."""


def one_line(text: str, limit: int) -> str:
    """Return the text as one clean line of at most ``limit`` characters, with an ellipsis where it was cut."""
    head = text[: limit * _READ_AHEAD + 1]
    cleaned = _clean(_BREAKS.sub(" ", _TERMINAL.sub("", head))).strip()
    return _cut(cleaned, limit, more=len(head) < len(text))


def log_line(text: str, limit: int) -> str:
    """Return a line of a program's output as a terminal would have left it: tabs expanded, overwritten parts gone."""
    head = text[: limit * _READ_AHEAD + 1]
    shown = _TERMINAL.sub("", head).rstrip("\r\n").rpartition("\r")[2].expandtabs(8)
    return _cut(_clean(shown).rstrip(), limit, more=len(head) < len(text))


def _clean(text: str) -> str:
    return _STACKED.sub(r"\1", _STEERING.sub(REPLACEMENT, _INVISIBLE.sub("", text)))


def _cut(text: str, limit: int, *, more: bool) -> str:
    if len(text) <= limit and not more:
        return text
    return text[: limit - 1].rstrip() + ELLIPSIS
