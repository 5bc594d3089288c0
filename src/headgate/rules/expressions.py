"""Regular expressions that end: rules are applied to text that anybody may write into a job's name or a reason.

Python's ``re`` can take longer than the universe on a few dozen characters. The ``regex`` module reads the same
language (look-around and references too, which RE2 has not), and stops after a bound of processor time.
"""

from __future__ import annotations

import functools
from typing import Final

import regex

SECONDS: Final = 0.25
"""Processor time that one search may take."""
LONGEST: Final = 4096
"""Characters of an expression."""
MOST: Final = 256 * 1024
"""Characters of the text that is searched."""


class ExpressionError(Exception):
    """An expression cannot be read, or takes too long on a text."""


@functools.lru_cache(maxsize=1024)
def compiled(pattern: str, flags: int = 0) -> regex.Pattern[str]:
    """Return a compiled expression. Raises ExpressionError."""
    if len(pattern) > LONGEST:
        raise ExpressionError(f"an expression of more than {LONGEST} characters")
    try:
        return regex.compile(pattern, flags | regex.VERSION0)
    except (regex.error, OverflowError, RecursionError, ValueError) as error:
        raise ExpressionError(f"no regular expression: {error}") from error


def search(pattern: str, text: str, flags: int = 0) -> bool:
    """Say whether the expression is found anywhere in a text. Raises ExpressionError."""
    try:
        return compiled(pattern, flags).search(_bounded(text), timeout=SECONDS) is not None
    except TimeoutError:
        raise _late() from None


def match(pattern: str, text: str, flags: int = 0) -> bool:
    """Say whether a text begins with the expression. Raises ExpressionError."""
    try:
        return compiled(pattern, flags).match(_bounded(text), timeout=SECONDS) is not None
    except TimeoutError:
        raise _late() from None


def replaced(pattern: str, replacement: str, text: str, flags: int = 0) -> str:
    """Return a text with everything the expression finds replaced. Raises ExpressionError."""
    try:
        return compiled(pattern, flags).sub(replacement, _bounded(text), timeout=SECONDS)
    except TimeoutError:
        raise _late() from None
    except (regex.error, IndexError) as error:
        raise ExpressionError(f"no replacement: {error}") from error


def found(pattern: str, text: str, flags: int = 0) -> list[str | tuple[str, ...]]:
    """Return everything the expression finds, as ``re.findall`` does. Raises ExpressionError."""
    try:
        return list(compiled(pattern, flags).findall(_bounded(text), timeout=SECONDS))
    except TimeoutError:
        raise _late() from None


def _bounded(text: str) -> str:
    if len(text) > MOST:
        raise ExpressionError(f"a text of more than {MOST} characters is not searched")
    return text


def _late() -> ExpressionError:
    return ExpressionError(f"the expression takes longer than {SECONDS} s on this text")
