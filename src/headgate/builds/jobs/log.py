"""The part of a job's log that is shown with a failure: its first error, and its last lines. Clean, short, redacted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from headgate.builds.redaction import redacted
from headgate.model.text import log_line

MAX_BYTES: Final = 512 * 1024
"""Bytes read of the end of a log."""
_WIDTH: Final = 240
_BEFORE: Final = 2
_ERROR: Final = re.compile(
    r"\b(?:ERROR|FATAL|FAILED|Traceback \(most recent call last\)|Segmentation fault|No space left on device|"
    r"Killed|[Ee]rror:|cannot |command not found)"
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a log. ``first_error`` may be empty; ``last`` follows after it somewhere."""

    first_error: tuple[str, ...]
    last: tuple[str, ...]


def excerpt(data: bytes, lines: int) -> Excerpt | None:
    """Return at most so many lines of a log's end; None if there are none.

    An error that is among the last lines anyway is not shown twice.
    """
    if lines <= 0:
        return None
    text = data.decode("utf-8", "replace")
    cleaned = redacted("\n".join(log_line(line, _WIDTH) for line in text.split("\n"))).rstrip("\n ").split("\n")
    if cleaned == [""]:
        return None
    found = next((number for number, line in enumerate(cleaned) if _ERROR.search(line)), None)
    if found is None or found >= len(cleaned) - lines:
        return Excerpt((), tuple(cleaned[-lines:]))
    room = max(lines // 2, 1)
    first = cleaned[max(found - _BEFORE, 0) : max(found - _BEFORE, 0) + room]
    last = cleaned[-(lines - room) :] if lines > room else []
    return Excerpt(tuple(first), tuple(last))
