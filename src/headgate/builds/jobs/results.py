"""What a job says of itself: ``_bot_job<ID>.result`` and ``_bot_job<ID>.test``. Written by a pull request: hostile."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from typing import Final

from headgate.model.build import BuildResult

MAX_BYTES: Final = 256 * 1024
"""Bytes read of such a file."""
_MAX_ARTEFACTS: Final = 200
_MAX_NAME: Final = 1024


@dataclass(frozen=True, slots=True)
class Report:
    """One of the two files. ``description`` is as the job wrote it, on one line; ``artefacts`` are not checked yet."""

    status: BuildResult
    description: str
    artefacts: tuple[str, ...] = ()


def parse(data: bytes, section: str) -> Report | None:
    """Read such a file; None if it cannot be used. A ``%`` may be written as it is, or twice.

    ``section``: ``RESULT`` or ``TEST``; where only the other one is there, it is taken: some scripts write that.
    """
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(data.decode("utf-8", "replace"))
    except (configparser.Error, ValueError):
        return None
    found = next((name for name in (section, "RESULT", "TEST") if parser.has_section(name)), None)
    if found is None:
        return None
    description = parser.get(found, "comment_description", fallback=None)
    word = parser.get(found, "status", fallback="").strip().upper()
    status = BuildResult(word) if word in BuildResult.__members__ else BuildResult.UNKNOWN
    if description is None:
        return None
    named = parser.get(found, "artefacts", fallback="").split("\n")
    artefacts = [name.replace("%%", "%") for line in named if (name := line.strip()) and len(name) <= _MAX_NAME]
    text = " ".join(description.replace("%%", "%").split())
    return Report(status, text, tuple(artefacts[:_MAX_ARTEFACTS]))
