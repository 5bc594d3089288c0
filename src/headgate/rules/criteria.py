"""Criteria: what an event has to hold for a rule to match. All of them have to (AND)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from headgate.model.event import JSON
from headgate.rules import operators, paths, rendering
from headgate.rules.expressions import ExpressionError


@dataclass(frozen=True, slots=True)
class Criterion:
    """One comparison: the value at ``key`` with ``pattern``; ``search`` has ``items`` in place of a pattern."""

    key: str
    """As it is written, with its tag."""
    operator: str
    pattern: JSON = None
    condition: str = ""
    items: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one comparison. ``why`` says why the two could not be compared, if so."""

    criterion: Criterion
    matches: bool
    value: JSON = None
    pattern: JSON = None
    why: str = ""


def check(criterion: Criterion, names: Mapping[str, JSON], now: datetime) -> Checked:
    """Compare. ``names``: what keys and patterns may name (``trigger``, ``system``, ``st2kv``)."""
    pattern, value = criterion.pattern, None
    try:
        if isinstance(pattern, str) and rendering.is_template(pattern):
            pattern = rendering.rendered(pattern, names)
        value = paths.value_at(criterion.key, names)
        if criterion.operator == operators.SEARCH:
            return Checked(criterion, _search(criterion, value, names, now), value)
        matches = operators.OPERATORS[criterion.operator](value, pattern, now)
    except rendering.RenderingError as error:
        return Checked(criterion, matches=False, why=f"the pattern cannot be filled in: {error}")
    except operators.CANNOT as error:
        why = str(error) if isinstance(error, ExpressionError) else "cannot be compared"
        return Checked(criterion, matches=False, value=value, pattern=pattern, why=why)
    return Checked(criterion, matches, value, pattern)


def check_all(criteria: tuple[Criterion, ...], names: Mapping[str, JSON], now: datetime) -> Iterator[Checked]:
    """Compare one after the other, up to the first one that does not match."""
    for criterion in criteria:
        checked = check(criterion, names, now)
        yield checked
        if not checked.matches:
            return


def _search(criterion: Criterion, value: JSON, names: Mapping[str, JSON], now: datetime) -> bool:
    """Look through a list: each item is ``item`` in the keys of the criteria for items."""
    if isinstance(value, dict):
        listed: list[JSON] = [value]
    elif isinstance(value, str):
        listed = list(value)
    elif isinstance(value, list):
        listed = value
    else:
        raise TypeError("no list")
    of_items = any if criterion.condition in {"any", "any2any"} else all
    of_criteria = any if criterion.condition.endswith("2any") else all
    shared = {name: one for name, one in names.items() if name != "trigger"}
    return of_items(
        of_criteria(check(one, {**shared, "item": item}, now).matches for one in criterion.items) for item in listed
    )
