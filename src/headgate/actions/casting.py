"""From texts to the types that an action's parameters have: for ``name=value`` on the command line, and for rules.

StackStorm does the same to rendered templates (``st2common/util/casts.py``). Only texts are cast; what is a number, a
list or null already stays as it is, and what does not fit is left for validation to refuse.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from headgate.actions.action import Action
from headgate.model.event import JSON

_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})
_NOTHING: Final = frozenset({"null", "none"})
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_LONGEST_LITERAL: Final = 100_000
"""Characters of a list or table written as Python writes it."""


def cast(action: Action[Any, Any], given: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return parameters in which texts have become what the action declares."""
    schema = action.parameters_schema
    declared = schema.get("properties", {})
    return {name: cast_value(declared.get(name, {}), value, schema) for name, value in given.items()}


def cast_value(declared: Mapping[str, Any], value: JSON, schema: Mapping[str, Any]) -> JSON:
    """Return a value as its schema declares it. ``schema`` holds what references point to."""
    kinds = _kinds(declared, schema)
    if not isinstance(value, str) or "string" in kinds:
        return value
    if "null" in kinds and value.strip().lower() in _NOTHING:
        return None
    for kind, own in kinds.items():
        cast_as = _CASTS.get(kind)
        found = value if cast_as is None else cast_as(value.strip())
        if kind == "array" and isinstance(found, list):
            return [cast_value(own.get("items", {}), item, schema) for item in found]
        if not isinstance(found, str):
            return found
    return value


def _kinds(declared: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the JSON types a schema allows, each with the schema that says more of it."""
    if "$ref" in declared:
        name = str(declared["$ref"]).rpartition("/")[2]
        return _kinds(schema.get("$defs", {}).get(name, {}), schema)
    choices = declared.get("anyOf") or declared.get("oneOf") or declared.get("allOf")
    if choices:
        return {kind: own for choice in choices for kind, own in _kinds(choice, schema).items()}
    if "type" not in declared:
        return {"string": declared}  # anything goes, and a text is a text
    return {str(declared["type"]): declared}


def _boolean(text: str) -> JSON:
    word = text.lower()
    return True if word in _TRUE else False if word in _FALSE else text


def _integer(text: str) -> JSON:
    return int(text) if _WHOLE.fullmatch(text) else text


def _number(text: str) -> JSON:
    return float(text) if _NUMBER.fullmatch(text) else text


def _array(text: str) -> JSON:
    """Read a list: as JSON, as Python writes it, or as words between commas (``n[1-3,7],n9`` are two)."""
    if text.startswith("["):
        found = _structure(text)
        if isinstance(found, list):
            return found
    return [word for word in (part.strip() for part in split_list(text)) if word]


def _object(text: str) -> JSON:
    found = _structure(text) if text.startswith("{") else text
    return found if isinstance(found, dict) else text


def _structure(text: str) -> JSON:
    try:
        found: JSON = json.loads(text)
    except (ValueError, RecursionError):
        if len(text) > _LONGEST_LITERAL:
            return text
        try:
            found = json.loads(json.dumps(ast.literal_eval(text), allow_nan=False))
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            return text
    return found


def split_list(text: str) -> list[str]:
    """Split at commas, but not at those between brackets."""
    parts, depth, current = [], 0, ""
    for character in text:
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == "," and depth <= 0:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]


_CASTS: Final[Mapping[str, Callable[[str], JSON]]] = {
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "array": _array,
    "object": _object,
}
