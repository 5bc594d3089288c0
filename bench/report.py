"""How figures are shown: several runs as median and range, in a table, with a word about the machine."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure that was taken several times."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Return what several runs gave."""
        return cls(statistics.median(values), min(values), max(values))

    def text(self, form: str = ",.0f", unit: str = "") -> str:
        """Return ``median (least-most)``; just the figure, if all were the same as it is shown."""
        shown = [format(value, form) for value in (self.median, self.least, self.most)]
        return shown[0] + unit if len(set(shown)) == 1 else f"{shown[0]}{unit} ({shown[1]}-{shown[2]})"


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their head: the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        aligned: list[Callable[[int], str]] = [row[0].ljust, *(cell.rjust for cell in row[1:])]
        print("  ".join(align(width) for align, width in zip(aligned, widths, strict=True)).rstrip())


def print_machine(runs: int) -> None:
    """Say on what the figures were taken, and how busy it was already."""
    busy = os.getloadavg()[0]
    print(f"{os.cpu_count()} CPUs, load average {busy:.1f} before the start; median (least-most) of {runs} runs.")
    if busy > 0.5:
        print("Other things run on this machine: rates are too low and vary; compare them with their baseline.")
    print()


def print_goal(text: str, reached: bool) -> bool:
    """Print whether a goal was reached, and return that."""
    print(f"{'reached' if reached else 'MISSED '}  {text}")
    return reached
