"""How long to wait before something that failed is tried again."""

from __future__ import annotations

import random
from typing import Final

_FIRST: Final = 2.0
_LONGEST: Final = 300.0


def later(failed: int, told: float | None = None) -> float:
    """Return seconds to wait. ``failed``: how often it failed before; ``told``: what the other side asks for."""
    wait: float = min(_FIRST * 2.0 ** min(failed, 10), _LONGEST) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    return max(wait, told or 0.0)
