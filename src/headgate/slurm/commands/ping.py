"""scontrol: which controllers answer.

Source: ``scontrol ping``, 20.11 to 26.05. It fails if the first controller does not answer, and says all the same which
do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LINE: Final = re.compile(r"Slurmctld\((?P<role>[^)]{1,32})\) at (?P<host>\S{1,256}) (?:is|are) (?P<what>UP|DOWN).*")


@dataclass(frozen=True, slots=True)
class Controller:
    """A slurmctld. ``role`` is ``primary``, ``backup``, ``backup1`` and so on."""

    role: str
    host: str
    up: bool


def command() -> list[str]:
    """Return the arguments that ask all controllers."""
    return ["scontrol", "ping"]


def parse(text: str) -> list[Controller]:
    """Read the answer."""
    found = [_LINE.fullmatch(line.strip()) for line in text.split("\n")]
    return [Controller(match["role"], match["host"], match["what"] == "UP") for match in found if match]
