"""A text of a foreign file that knows where it was written. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self


class Written(str):
    """A text, the line it begins on, and whether it goes over more than one.

    A value that does is not repeated: what stands on its second line may be a password that was meant for another key.
    """

    __slots__ = ("line", "wrapped")

    line: int
    wrapped: bool

    def __new__(cls, text: str, line: int, *, wrapped: bool = False) -> Self:
        """Return a text that begins on ``line``, counted from 1."""
        own = super().__new__(cls, text)
        own.line = line
        own.wrapped = wrapped or len(text.splitlines()) > 1
        return own

    def removeprefix(self, prefix: str, /) -> Written:
        """Return the text without what it begins with, of the same place."""
        return Written(super().removeprefix(prefix), self.line, wrapped=self.wrapped)


def lines(numbers: Iterable[int]) -> str:
    """Return the numbers of lines in words: ``line 3``, ``lines 3, 7 to 9``."""
    runs: list[list[int]] = []
    apart = sorted(set(numbers))
    for number in apart:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    said = [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"{'lines' if len(apart) > 1 else 'line'} {', '.join(said)}"
