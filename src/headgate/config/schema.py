"""What the models say about the shape of the configuration: which keys hold tables, which hold secrets."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

Holding = Literal["table", "tables by name", "tables in a list"]


def inner_model(annotation: Any) -> tuple[Holding, type[BaseModel]] | None:
    """Return the model inside a field's type, and how the field holds it; None for a field of plain values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table", annotation
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        found = inner_model(arguments[-1]) if arguments else None
        return ("tables by name", found[1]) if found else None
    for argument in arguments:
        if argument is Ellipsis:
            continue
        found = inner_model(argument)
        if found:
            return (
                "tables in a list" if isinstance(origin, type) and issubclass(origin, list | tuple) else found[0]
            ), found[1]
    return None


@dataclass(frozen=True, slots=True)
class Variants:
    """The models a table may have, by what it holds under one key: the forges, by ``kind``."""

    key: str
    models: Mapping[str, type[BaseModel]]

    def of(self, table: object) -> type[BaseModel] | None:
        """Return the model of a table; None if its key names none."""
        value = table.get(self.key) if isinstance(table, Mapping) else None
        return self.models.get(value) if isinstance(value, str) else None


def variants(annotation: Any) -> Variants | None:
    """Return the models that a field's tables may have; None if they all have the same."""
    arguments = typing.get_args(annotation)
    for argument in arguments:
        if isinstance(argument, FieldInfo) and isinstance(argument.discriminator, str):
            key = argument.discriminator
            models = {
                value: model
                for model in typing.get_args(arguments[0])
                for value in typing.get_args(model.model_fields[key].annotation)
            }
            return Variants(key, models)
    return next((found for found in map(variants, arguments) if found), None)


def holds_secret(annotation: Any) -> bool:
    """Whether a field's type is a secret, or holds some (an optional one, a list or a table of them)."""
    if isinstance(annotation, type) and issubclass(annotation, SecretStr | SecretBytes):
        return True
    if inner_model(annotation):
        return False
    return any(holds_secret(argument) for argument in typing.get_args(annotation))


def is_one_secret(annotation: Any) -> bool:
    """Whether a field's type is one secret text, or optionally none: such a field may come from a file of its own."""
    if annotation is SecretStr:
        return True
    arguments = [argument for argument in typing.get_args(annotation) if argument is not type(None)]
    return (
        len(arguments) == 1 and typing.get_origin(annotation) not in (list, tuple, dict) and is_one_secret(arguments[0])
    )
