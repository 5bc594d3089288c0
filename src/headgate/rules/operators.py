"""StackStorm's comparison operators, with its meaning in the odd cases too.

The names and what they do are those of st2common's ``operators.py``
(https://docs.stackstorm.com/rules.html#criteria-comparison). An operator that cannot compare what it is given (a number
with a text, a key that is not there) does not match; it is no error of the rule.

Ours: expressions end (``expressions.py``), and the ``td_`` operators also take seconds since the epoch, as Headgate's
events have them.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import dateutil.parser
import regex

from headgate.model.event import JSON
from headgate.rules import expressions

Operator = Callable[[JSON, JSON, datetime], bool]
"""Given the event's value, the pattern and the time now, says whether they match. May raise one of ``CANNOT``."""

CANNOT: Final = (
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    LookupError,
    RecursionError,
    expressions.ExpressionError,
)
"""How an operator says that it cannot compare two values."""
SEARCH: Final = "search"
"""The operator over lists: it takes criteria for a pattern (``criteria.py``)."""
CONDITIONS: Final = ("any", "all", "any2any", "all2any")
"""How ``search`` counts: items of the list, then, after the ``2``, criteria of an item (without it: all of them)."""
_EPOCH_FROM: Final = 100_000_000
"""From this number on a number is seconds since the epoch (1973 and later); below it is a date written as a number."""


def _text(value: JSON) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _holds(whole: JSON, part: JSON) -> bool:
    """Say whether a text, a list or an object holds something, as Python's ``in`` does."""
    if isinstance(whole, str):
        return _text(part) in whole
    if isinstance(whole, list):
        return part in whole
    if isinstance(whole, dict):
        if isinstance(part, list | dict):
            raise TypeError("no key")
        return part in whole
    raise TypeError("nothing that holds anything")


def _less(first: JSON, second: JSON) -> bool:
    if isinstance(first, int | float) and isinstance(second, int | float):
        return first < second
    if isinstance(first, str) and isinstance(second, str):
        return first < second
    if isinstance(first, list) and isinstance(second, list):
        for one, other in zip(first, second, strict=False):
            if one != other:
                return _less(one, other)
        return len(first) < len(second)
    raise TypeError("not to be compared")


def _age(value: JSON, now: datetime) -> float:
    """Return how many seconds ago a moment was. Raises ValueError or OverflowError."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= _EPOCH_FROM:
        return now.timestamp() - value
    moment = dateutil.parser.parse(str(value))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (now - moment).total_seconds()


def _seconds(pattern: JSON) -> float:
    if not isinstance(pattern, str | int | float):
        raise TypeError("no number of seconds")
    return float(pattern)


def _unless_none(compare: Callable[[JSON, JSON], bool]) -> Operator:
    """Make an operator that never matches where the pattern is null."""
    return lambda value, pattern, _: pattern is not None and compare(value, pattern)


def _timed(compare: Callable[[JSON, JSON, datetime], bool]) -> Operator:
    return lambda value, pattern, now: pattern is not None and compare(value, pattern, now)


def _lower(compare: Callable[[str, str], bool]) -> Operator:
    """Make an operator on texts that takes large and small letters for the same."""
    return _unless_none(lambda value, pattern: compare(_text(value).lower(), _text(pattern).lower()))


def _wildcard(value: JSON, pattern: JSON) -> bool:
    return fnmatch.fnmatch(_text(value), _text(pattern))


def _found(pattern: JSON, value: JSON, flags: int = 0) -> bool:
    return expressions.search(_text(pattern), _text(value), flags)


_equals = _unless_none(lambda value, pattern: value == pattern)
_iequals = _lower(lambda value, pattern: value == pattern)
_greater = _unless_none(lambda value, pattern: _less(pattern, value))
_lesser = _unless_none(_less)
_older = _timed(lambda value, pattern, now: _age(value, now) > _seconds(pattern))
_younger = _timed(lambda value, pattern, now: _age(value, now) < _seconds(pattern))
_inside = _unless_none(lambda value, pattern: _holds(pattern, value))
_ninside = _unless_none(lambda value, pattern: not _holds(pattern, value))


def _nequals(value: JSON, pattern: JSON, _: datetime) -> bool:
    return value != pattern


OPERATORS: Final[Mapping[str, Operator]] = {
    "eq": _equals,
    "equals": _equals,
    "neq": _nequals,
    "nequals": _nequals,
    "ieq": _iequals,
    "iequals": _iequals,
    "contains": _unless_none(_holds),
    "icontains": _lower(lambda value, pattern: pattern in value),
    "ncontains": _unless_none(lambda value, pattern: not _holds(value, pattern)),
    "incontains": _lower(lambda value, pattern: pattern not in value),
    "startswith": _unless_none(lambda value, pattern: _text(value).startswith(_text(pattern))),
    "istartswith": _lower(lambda value, pattern: value.startswith(pattern)),
    "endswith": _unless_none(lambda value, pattern: _text(value).endswith(_text(pattern))),
    "iendswith": _lower(lambda value, pattern: value.endswith(pattern)),
    "regex": _unless_none(lambda value, pattern: _found(pattern, value)),
    "iregex": _unless_none(lambda value, pattern: _found(pattern, value, regex.IGNORECASE)),
    "matchregex": _unless_none(lambda value, pattern: expressions.match(_text(pattern), _text(value), regex.DOTALL)),
    "matchwildcard": _unless_none(_wildcard),
    "gt": _greater,
    "greaterthan": _greater,
    "lt": _lesser,
    "lessthan": _lesser,
    "td_gt": _older,
    "timediff_gt": _older,
    "td_lt": _younger,
    "timediff_lt": _younger,
    "exists": lambda value, _pattern, _now: value is not None,
    "nexists": lambda value, _pattern, _now: value is None,
    "in": _inside,
    "inside": _inside,
    "nin": _ninside,
    "ninside": _ninside,
}
"""Every operator but ``search``, by each of its names."""
EXPRESSIONS: Final = frozenset({"regex", "iregex", "matchregex"})
"""Those whose pattern is a regular expression."""
