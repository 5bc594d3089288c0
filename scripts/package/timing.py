"""What was done, and how long each step took."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Timing:
    """Steps with their seconds; ``show`` is told of each when it is over."""

    title: str
    show: Callable[[str], object]
    steps: list[tuple[str, float]] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Seconds of all steps."""
        return sum(seconds for _, seconds in self.steps)

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Time one step; one that fails is not written down."""
        begin = time.monotonic()
        yield
        self.steps.append((what, time.monotonic() - begin))
        self.show(_line(*self.steps[-1]))

    def as_text(self) -> str:
        """Return all of it as lines."""
        lines = [self.title, *(_line(what, seconds) for what, seconds in self.steps), _line("in all", self.total)]
        return "\n".join(lines) + "\n"


def _line(what: str, seconds: float) -> str:
    return f"{seconds:7.1f} s  {what}"
