"""Texts with placeholders in braces, as the predecessor's configuration has them. Pure.

Only the placeholders a text is known to have are filled in: nothing of Python's formatting language is run. ``{{`` and
``}}`` are braces.
"""

from __future__ import annotations

import re
from typing import Final

_BRACE: Final = re.compile(r"\{\{|\}\}|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")


def fill(template: str, **values: object) -> str:
    """Return the text with each placeholder's value; a placeholder without one stays as it is written."""

    def one(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return found[0][0]
        return str(values[name]) if name in values else found[0]

    return _BRACE.sub(one, template)


def pattern(template: str) -> re.Pattern[str]:
    """Return what reads a line back that was made of a template: a group for each placeholder, any text but a break.

    A line is given to it whole and has at most some thousand characters: a placeholder is as short as it can be.
    """
    parts: list[str] = []
    seen: set[str] = set()
    last = 0
    for found in _BRACE.finditer(template):
        parts.append(re.escape(template[last : found.start()]))
        last = found.end()
        name = found["name"]
        if name is None:
            parts.append(re.escape(found[0][0]))
        elif name in seen:
            parts.append(f"(?P={name})")
        else:
            seen.add(name)
            parts.append(f"(?P<{name}>[^\\n]*?)")
    return re.compile("".join([*parts, re.escape(template[last:])]))
