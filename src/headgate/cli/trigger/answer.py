"""What an action about triggers answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headgate.errors import SlurmRefusedError


def result_of(answer: Mapping[str, Any]) -> Any:
    """Return the result of an action. Raises SlurmRefusedError with what it says if it failed."""
    if not answer["ok"]:
        raise SlurmRefusedError(str(answer["error"]))
    return answer["result"]
