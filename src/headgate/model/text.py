"""Foreign text made fit to be shown: clean of what steers a terminal, a reader's eye or a renderer, and bounded.

Names, comments, paths and log lines come from jobs and hold anything. What is done here is the same for every place
they are shown; escaping (HTML, JSON, Markdown) comes after it and belongs to each service's own rendering.
"""

from __future__ import annotations

import re
from typing import Final

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands where a character was that may not be shown."""
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"
"""Stands where a text was cut."""

_READ_AHEAD: Final = 4
"""Characters looked at for each one wanted: cleaning never makes a text longer, and need not read a megabyte."""
_TERMINAL: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]{0,512}(?:\x07|\x1b\\)?|[ -/]*[0-~])")
"""Escape sequences of ECMA-48: colours, cursor moves, window titles, links."""
_BREAKS: Final = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_INVISIBLE: Final = re.compile("[\u00ad\u200b\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_STEERING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
"""Controls, overrides of the reading direction, and code points that are no characters: a lone surrogate, from bytes
that are not UTF-8, cannot even be written out."""
_MARKS: Final = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_STACKED: Final = re.compile(f"([{_MARKS}]{{4}})[{_MARKS}]+")
"""More combining marks on one letter than any script needs: they paint over the lines above and below."""
_TAB: Final = 8


def one_line(text: str, limit: int) -> str:
    """Return the text as one clean line of at most ``limit`` characters (at least 1), with ``…`` where it was cut.

    Line breaks and tabs become a blank, escape sequences go, and a replacement character stands for all else that may
    not be shown.
    """
    head = text[: limit * _READ_AHEAD + 1]
    cleaned = _clean(_BREAKS.sub(" ", _TERMINAL.sub("", head))).strip()
    return _cut(cleaned, limit, more=len(head) < len(text))


def log_line(text: str, limit: int) -> str:
    """Return a line of a program's output as a terminal would have left it, at most ``limit`` characters (at least 1).

    What a carriage return overwrote is gone (progress bars), tabs are filled up with blanks, blanks in front stay.
    """
    head = text[: limit * _READ_AHEAD + 1]
    left = _TERMINAL.sub("", head).rstrip("\r\n").rpartition("\r")[2].expandtabs(_TAB)
    return _cut(_clean(left).rstrip(), limit, more=len(head) < len(text))


def _clean(text: str) -> str:
    return _STACKED.sub(r"\1", _STEERING.sub(REPLACEMENT, _INVISIBLE.sub("", text)))


def _cut(text: str, limit: int, *, more: bool) -> str:
    if len(text) <= limit and not more:
        return text
    return text[: limit - 1].rstrip() + ELLIPSIS
