"""From an action's parameters, as JSON Schema, to StackStorm's metadata of parameters.

StackStorm reads draft 4 with ``required`` as a boolean at each property, ``secret``, and no other key than those it
knows (``st2common/util/schema/action_params.json``): one too many, and the whole action is refused. It casts a value to
its parameter's type, and nothing inside it. So nothing is said of the types inside: Headgate checks them itself, and
takes ``12`` where it reads a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from headgate.actions.action import Action

Metadata = dict[str, Any]

RUNNER: Final = frozenset({"content_version", "debug", "env", "log_level", "timeout"})
"""Parameters of StackStorm's python-script runner: an action's own of that name never reach it."""
LONGEST: Final = 7 * 86400 + 600
"""Seconds that StackStorm lets an action run which waits as long as its caller says."""
_NAME: Final = re.compile(r"\w+", re.ASCII)
_KEPT: Final = (
    "description", "type", "default", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
)  # fmt: skip
_LEFT_OUT: Final = frozenset(
    {"title", "format", "examples", "writeOnly", "propertyNames", "required", "$ref", "const", "anyOf", "oneOf",
     "allOf", "items", "prefixItems", "properties", "patternProperties", "additionalProperties", "exclusiveMinimum",
     "exclusiveMaximum"}
)  # fmt: skip
"""What is said in other words, or not at all: Headgate checks every parameter itself."""
_EXCLUSIVE: Final = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))


def renamed(action: Action[Any, Any]) -> dict[str, str]:
    """Return the parameters that have another name in StackStorm: there -> here."""
    return {f"action_{name}": name for name in _properties(action.parameters_schema) if name in RUNNER}


def metadata_of(action: Action[Any, Any]) -> Metadata:
    """Return the ``parameters`` of an action's metadata. Raises ValueError for what StackStorm has no words for."""
    schema = action.parameters_schema
    there = {here: name for name, here in renamed(action).items()}
    required = schema.get("required", ())
    found: Metadata = {}
    for name, own in _properties(schema).items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{action.name}: StackStorm has no parameter {name!r}")
        found[there.get(name, name)] = _with_required(_converted(own, schema), name in required)
    if "timeout" in there:
        found["timeout"] = {
            "default": LONGEST,
            "description": "Seconds after which StackStorm gives up, whatever became of it.",
        }
    return {**found, **_of_every(action, found)}


def _of_every(action: Action[Any, Any], own: Metadata) -> Metadata:
    """Return what is beside an action's own parameters, as in a call over REST."""
    beside: Metadata = {}
    if action.mutating:
        beside["dry_run"] = {
            "type": "boolean",
            "default": False,
            "description": "Whether to say only what would be done.",
        }
        beside["why"] = {
            "type": "string",
            "description": "Why, for Headgate's audit log. Without it, the number of the execution.",
        }
    if taken := beside.keys() & own.keys():
        raise ValueError(f"{action.name} has parameters of its own called {', '.join(sorted(taken))}")
    return beside


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    return found


def _with_required(converted: Metadata, required: bool) -> Metadata:
    return {**converted, "required": True} if required else converted


def _converted(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Metadata:
    """Return a parameter's schema in StackStorm's words; what it refers to is put in its place."""
    schema = _resolved(schema, root)
    if unknown := schema.keys() - _LEFT_OUT - set(_KEPT):
        raise ValueError(f"StackStorm's schemas have no {', '.join(sorted(unknown))}")
    found = {key: schema[key] for key in _KEPT if key in schema and schema[key] is not None}
    if isinstance(found.get("default"), dict) and not any(value is not None for value in found["default"].values()):
        del found["default"]
    if "const" in schema:
        found["enum"] = [schema["const"]]
    if schema.get("writeOnly"):
        found["secret"] = True
        found.pop("default", None)
    for key, bound in _EXCLUSIVE:
        if key in schema:
            found |= {bound: schema[key], key: True}
    if "anyOf" in schema or "oneOf" in schema:
        found |= _chosen([_converted(one, root) for one in schema.get("anyOf", schema.get("oneOf"))], found)
    return found | _inside(schema, root)


def _inside(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Metadata:
    """Return what is said of a table's keys."""
    found: Metadata = {}
    if schema.get("properties"):
        required = schema.get("required", ())
        found["properties"] = {
            name: _with_required(_described(_resolved(own, root), root), name in required)
            for name, own in _properties(schema).items()
        }
    if schema.get("additionalProperties") is False:
        found["additionalProperties"] = False
    return found


def _described(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Metadata:
    """Return what is said of something inside a parameter."""
    return {key: schema[key] for key in ("description",) if key in schema} | _inside(schema, root)


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema with what it refers to, and with the only part of ``allOf``, in its place."""
    while True:
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            schema = {**root["$defs"][name], **{key: value for key, value in schema.items() if key != "$ref"}}
        elif len(schema.get("allOf", ())) == 1:
            schema = {**schema["allOf"][0], **{key: value for key, value in schema.items() if key != "allOf"}}
        else:
            return schema


def _chosen(choices: list[Metadata], said: Metadata) -> Metadata:
    """Return what several schemas come to.

    Null is left out, since StackStorm sends nothing for what was not given. Of a list and one item of it the list
    remains: that is what StackStorm's own clients can make of ``name=value``.
    """
    choices = [one for one in choices if one.get("type") != "null"]
    lists = [one for one in choices if one.get("type") == "array"]
    if len(lists) == 1 and all(one is lists[0] or one.get("type") == "string" for one in choices):
        choices = lists
    if len(choices) == 1:
        return {**choices[0], **said}
    return {"anyOf": choices}
