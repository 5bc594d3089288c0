"""Actions in words for people, from their JSON schemas: for the command line and the reference."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from headgate.actions.action import Action

_WORDS: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "array": "list",
    "object": "table",
}


def parameter_rows(action: Action[Any, Any]) -> list[tuple[str, str, str, str]]:
    """Return name, type, default and meaning of each parameter, in words."""
    return _rows(action.parameters_schema, action.parameters_schema)


def result_words(action: Action[Any, Any]) -> str:
    """Say what an action answers."""
    return type_words(action.result_schema, action.result_schema)


def result_rows(action: Action[Any, Any]) -> list[tuple[str, str, str, str]]:
    """Return the parts of an action's result, if it has named ones, as ``parameter_rows`` does."""
    return _rows(action.result_schema, action.result_schema)


def _rows(declared: Mapping[str, Any], schema: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    required = declared.get("required", ())
    return [
        (name, type_words(own, schema), _default(own, required=name in required), str(own.get("description", "")))
        for name, own in declared.get("properties", {}).items()
    ]


def type_words(declared: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return what a schema allows, in words: ``list of text``, ``one of info, warning``."""
    if "$ref" in declared:
        name = str(declared["$ref"]).rpartition("/")[2]
        return type_words(schema.get("$defs", {}).get(name, {}), schema)
    choices: Sequence[Mapping[str, Any]] = declared.get("anyOf") or declared.get("oneOf") or declared.get("allOf") or ()
    if choices:
        return " or ".join(dict.fromkeys(type_words(choice, schema) for choice in choices))
    if "enum" in declared:
        return f"one of {', '.join(map(str, declared['enum']))}"
    return str(declared["const"]) if "const" in declared else _plain_words(declared, schema)


def _plain_words(declared: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    kind = str(declared.get("type", ""))
    below = declared.get("items") if kind == "array" else declared.get("additionalProperties")
    inner = f" of {type_words(below, schema)}" if isinstance(below, Mapping) and below else ""
    secret = ", secret" if declared.get("format") == "password" else ""
    return _WORDS.get(kind, "anything") + inner + secret


def _default(declared: Mapping[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    default = declared.get("default")
    if default in (None, "", [], {}):
        return ""
    return default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)
