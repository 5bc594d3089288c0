"""scontrol: the configuration.

Source: ``scontrol show config``, 20.11 to 26.05: ``Key = value`` lines, in several tables with a title each.
"""

from __future__ import annotations

import re
from typing import Final

_LINE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*(?:\[\d{1,3}\])?)\s*= ?(.*)", re.ASCII)
_HIDDEN: Final = re.compile(r"pass(word|wd)?$|secret|httpauth", re.IGNORECASE)
_USER: Final = re.compile(r"(?P<name>[^\s()]{1,256})\((?P<uid>\d{1,10})\)", re.ASCII)


def command() -> list[str]:
    """Return the arguments that show the configuration."""
    return ["scontrol", "show", "config"]


def parse(text: str) -> dict[str, str]:
    """Read the configuration; of a key that stands there twice the first counts. Passwords are left out."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        match = _LINE.fullmatch(line.rstrip())
        if match is not None and not _HIDDEN.search(match[1]):
            found.setdefault(match[1], match[2])
    return found


def slurm_user(configuration: dict[str, str]) -> tuple[str, int] | None:
    """Return SlurmUser's name and number; None if the configuration does not tell."""
    match = _USER.fullmatch(configuration.get("SlurmUser", ""))
    return None if match is None else (match["name"], int(match["uid"]))
