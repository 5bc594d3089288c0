"""The reference of all settings, in Markdown, made from the models and their descriptions."""

from __future__ import annotations

import enum
import json
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from headgate.config.connector import ConnectorSettings
from headgate.config.schema import inner_model, is_one_secret, variants
from headgate.config.secrets import SUFFIXES
from headgate.config.settings import Settings

_WORDS: Final[Mapping[Any, str]] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    SecretStr: "text, secret",
}


def settings_reference(connectors: Mapping[str, type[ConnectorSettings]]) -> str:
    """Return the reference: a heading and a table for each section, and for each kind of connector given."""
    parts = []
    for name, info in Settings.model_fields.items():
        found = inner_model(info.annotation)
        if found and found[0] == "table":
            parts.append(_section(f"[{name}]", found[1], (name,)))
        elif found and name != "connectors":
            parts.append(_section(f"[{name}.NAME]", found[1], (name, "NAME")))
    for kind, model in sorted(connectors.items()):
        parts.append(_section(f"[connectors.NAME], kind = {json.dumps(kind)}", model, ("connectors", "NAME")))
    return "\n".join(parts)


def _section(title: str, model: type[BaseModel], path: Sequence[str]) -> str:
    lines = [f"## `{title}`", "", (model.__doc__ or "").strip().replace("``", "`"), ""]
    lines += ["| key | value | default | meaning |", "|---|---|---|---|"]
    below: list[str] = []
    for name, info in model.model_fields.items():
        below += _below(name, info, path)
        lines.append(_row(name, info))
    return "\n".join([*lines, "", *below])


def _below(name: str, info: FieldInfo, path: Sequence[str]) -> Iterator[str]:
    """Yield the sections of the tables that a field holds, one for each model they may have."""
    found, several = inner_model(info.annotation), variants(info.annotation)
    if found is None:
        return
    place = (*path, name, "NAME") if found[0] == "tables by name" else (*path, name)
    title = f"[[{'.'.join(place)}]]" if found[0] == "tables in a list" else f"[{'.'.join(place)}]"
    if several is None:
        yield _section(title, found[1], place)
        return
    for value, model in several.models.items():
        yield _section(f"{title}, {several.key} = {json.dumps(value)}", model, place)


def _row(name: str, info: FieldInfo) -> str:
    meaning = info.description or ""
    if is_one_secret(info.annotation):
        meaning += " Also as " + ", ".join(f"`{name}{suffix}`" for suffix in SUFFIXES) + "."
    cells = (f"`{name}`", value_words(info.annotation), _default(info), meaning)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def value_words(annotation: Any) -> str:
    """Return what a field takes, in words: ``whole number``, ``list of text``, ``one of `send`, `ignore```."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _one_of([member.value for member in annotation])
    if inner_model(annotation):
        return "table"
    return _composed_words(typing.get_origin(annotation), typing.get_args(annotation))


def _composed_words(origin: Any, arguments: tuple[Any, ...]) -> str:
    if origin is Literal:
        return _one_of(arguments)
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(value_words(argument) for argument in arguments if argument is not type(None))
    if origin in {tuple, list}:
        return f"list of {value_words(arguments[0])}"
    if origin is dict:
        return f"table of {value_words(arguments[1])}"
    return value_words(arguments[0]) if origin is Annotated else "text"


def _one_of(values: Sequence[object]) -> str:
    return ("one of " if len(values) > 1 else "") + ", ".join(f"`{value}`" for value in values)


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    text = default_text(info)
    return f"`{text}`" if text else "not set"


def default_text(info: FieldInfo) -> str:
    """Return a field's default as one writes it in TOML; empty where there is none, or where the field is a table."""
    value = info.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined or inner_model(info.annotation):
        return ""
    return toml_value(value)


def toml_value(value: Any) -> str:
    """Return a value as one writes it in TOML."""
    if isinstance(value, SecretStr):
        return toml_value(value.get_secret_value())
    if isinstance(value, enum.Enum):
        return toml_value(value.value)
    if isinstance(value, Mapping):
        members = ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {toml_value(value[key])}" for key in value)
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(member) for member in value) + "]"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False)


def fields_of(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield the fields of a table that are no tables themselves."""
    for name, info in model.model_fields.items():
        if not inner_model(info.annotation):
            yield name, info
