"""What StackStorm lets a pack's files hold, as JSON Schemas: its own, where they leave nothing open, and stricter else.

The facts are those of ``st2common/models/api`` (pack, action, sensor, trigger, rule) and of
``st2common/util/schema/action_params.json``, in StackStorm 3.9.
"""

from __future__ import annotations

from typing import Any

import jsonschema

Schema = dict[str, Any]


def closed(required: str, /, **properties: Schema) -> Schema:
    return {
        "type": "object", "properties": properties, "required": required.split(), "additionalProperties": False,
    }  # fmt: skip


TEXT: Schema = {"type": "string", "minLength": 1}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}
TABLE: Schema = {"type": "object"}
SEMVER = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[\da-z\-]+(\.[\da-z\-]+)*)?(\+[\da-z\-]+(\.[\da-z\-]+)*)?$"
NAME = r"^\w+$"

PARAMETER: Schema = {
    **closed(
        "",
        id=TEXT, title=TEXT, description=TEXT, default={}, pattern={"type": "string", "format": "regex"},
        type={"enum": ["array", "boolean", "integer", "null", "number", "object", "string", "raw_string"]},
        enum={"type": "array", "minItems": 1, "uniqueItems": True},
        multipleOf={"type": "number", "exclusiveMinimum": 0},
        maximum={"type": "number"}, exclusiveMaximum=FLAG, minimum={"type": "number"}, exclusiveMinimum=FLAG,
        maxLength=COUNT, minLength=COUNT, maxItems=COUNT, minItems=COUNT, uniqueItems=FLAG,
        maxProperties=COUNT, minProperties=COUNT, required=FLAG, secret=FLAG, immutable=FLAG,
        position={"type": "number", "minimum": 0},
        items={"$ref": "#/$defs/parameter"},
        properties={"type": "object", "additionalProperties": {"$ref": "#/$defs/parameter"}},
        additionalProperties={"anyOf": [FLAG, {"$ref": "#/$defs/parameter"}]},
        **{kind: {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/parameter"}}
           for kind in ("allOf", "anyOf", "oneOf")},
    ),
    "dependentRequired": {"exclusiveMaximum": ["maximum"], "exclusiveMinimum": ["minimum"]},
}  # fmt: skip
PARAMETERS: Schema = {
    "type": "object",
    "patternProperties": {NAME: {"$ref": "#/$defs/parameter"}},
    "additionalProperties": False,
}
PACK = closed(
    "ref name description version author",
    ref={"type": "string", "pattern": "^[a-z0-9_]+$"}, name=TEXT, description=TEXT, keywords=TEXTS,
    version={"type": "string", "pattern": SEMVER}, author=TEXT, email=TEXT, contributors=TEXTS,
    stackstorm_version={"type": "string", "pattern": r"^((>?>|>=|=|<=|<?<)\s*\d+\.\d+\.\d+(\s*,)?\s*)+$"},
    python_versions={"type": "array", "items": {"enum": ["2", "3"]}, "minItems": 1, "uniqueItems": True},
    dependencies=TEXTS, system=TABLE,
)  # fmt: skip
ACTION = closed(
    "name pack runner_type entry_point parameters",
    name={"type": "string", "pattern": r"^[\w.]+$"}, pack={"const": "slurm"}, description=TEXT, enabled=FLAG,
    runner_type={"const": "python-script"}, entry_point={"type": "string", "pattern": r"^\w+\.py$"},
    parameters=PARAMETERS, output_schema=TABLE, tags={"type": "array"}, notify=TABLE,
)  # fmt: skip
TRIGGER_TYPE = closed(
    "name", name=TEXT, pack={"const": "slurm"}, description=TEXT, payload_schema={"$ref": "#/$defs/parameter"},
    parameters_schema=TABLE, tags={"type": "array"},
)  # fmt: skip
SENSOR = closed(
    "class_name entry_point trigger_types",
    class_name={"type": "string", "pattern": NAME}, entry_point={"type": "string", "pattern": r"^\w+\.py$"},
    description=TEXT, enabled=FLAG, pack={"const": "slurm"}, poll_interval={"type": "number", "minimum": 1},
    trigger_types={"type": "array", "items": TRIGGER_TYPE},
)  # fmt: skip
RULE = closed(
    "name pack enabled trigger action",
    name=TEXT, pack={"const": "slurm"}, description=TEXT, enabled=FLAG,
    trigger=closed("type", type=TEXT, parameters=TABLE, ref=TEXT),
    criteria={"type": "object", "additionalProperties": closed("type", type=TEXT, pattern={}, condition=TEXT)},
    action=closed("ref", ref=TEXT, parameters=TABLE),
    type=closed("ref", ref=TEXT, parameters=TABLE), tags={"type": "array", "items": TABLE}, context=TABLE,
)  # fmt: skip


def check(value: object, schema: Schema) -> None:
    """Raise jsonschema.ValidationError if StackStorm would not take this."""
    whole = {**schema, "$defs": {"parameter": PARAMETER}}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(value)
