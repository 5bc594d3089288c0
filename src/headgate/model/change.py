"""What became of one thing that an operation was asked to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float | bool | None | list[str]
"""What a fact about a node, a job or a reservation can be."""
Facts = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Change:
    """One node, job, reservation, … before and after. In a dry run ``after`` is what it would be.

    ``before`` is None for what was made, ``after`` for what was removed. ``error`` says why it was not changed as
    asked; None where it was, or where it already was as asked.
    """

    before: Facts | None
    after: Facts | None
    changed: bool
    error: str | None = None


Changes = dict[str, Change]
"""By the name of what was changed."""


def failures(changes: Mapping[str, Change]) -> str:
    """Return in one line what failed; empty if nothing did."""
    failed = [f"{name}: {change.error}" for name, change in changes.items() if change.error]
    shown = "; ".join(failed[:_SHOWN])
    return f"{shown}; and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else shown


_SHOWN = 5
