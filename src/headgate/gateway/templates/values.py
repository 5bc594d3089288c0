"""What may stand in a template's place, and the marks that keep the places while a template is rendered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from headgate.errors import HeadgateError

MARK: Final = re.compile("\0(\\d+)\0")
"""Where a value stands in what has been rendered: NUL, its number, NUL. No template and no parameter holds a NUL."""
Plain = str | int | float | bool
Value = Plain | Sequence[Plain]


class TemplateError(HeadgateError):
    """A job template cannot be filled in, because of what it is or because of what it was given."""


def words_of(value: Value) -> list[Plain]:
    """Return a value as the words it is: a list is several."""
    return [value] if isinstance(value, Plain) else list(value)


def text_of(value: Plain) -> str:
    """Return a value as a script spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
