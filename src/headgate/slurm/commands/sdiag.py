"""sdiag: what slurmctld still has to tell slurmdbd.

Source: sdiag(1), 20.11 to 26.05. What slurmdbd cannot take while it is away is kept by slurmctld, and told later.
"""

from __future__ import annotations

import re
from typing import Final

_BACKLOG: Final = re.compile(r"^DBD Agent queue size:[ \t]*(\d{1,12})[ \t]*$", re.MULTILINE | re.ASCII)


def command() -> list[str]:
    """Return the arguments that ask for slurmctld's figures."""
    return ["sdiag"]


def parse_backlog(text: str) -> int | None:
    """Read how many records wait for slurmdbd; None if that is not said."""
    match = _BACKLOG.search(text)
    return None if match is None else int(match[1])
