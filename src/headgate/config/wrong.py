"""What is wrong with a value, in words: from pydantic's errors to ours.

Nothing of what was given is repeated, neither by us nor through pydantic or a validator: it may be a secret, or be one
under a mistyped name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from headgate.config.locations import KeyPath
from headgate.config.schema import inner_model, is_one_secret, variants
from headgate.config.secrets import SUFFIXES
from headgate.config.suggest import elsewhere, likely

_WORDS: Final[Mapping[str, str]] = {
    "missing": "is required",
    "model_type": "should be a table",
    "model_attributes_type": "should be a table",
    "dict_type": "should be a table",
    "tuple_type": "should be a list",
    "list_type": "should be a list",
    "string_type": "should be a text",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "path_type": "should be a path",
}
_SHORTEST_HIDDEN: Final = 4
_QUOTED: Final = re.compile(r"'([^']*)'")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong at a path."""

    path: KeyPath
    text: str
    likely: str | None = None


def mistakes_of(error: ValidationError, model: type[BaseModel], data: Any, path: KeyPath = ()) -> list[Mistake]:
    """Return what a validation error of the model says, in our words; ``path`` is where the model's table stands."""
    hidden = sorted({text for text in _texts(data) if len(text) >= _SHORTEST_HIDDEN}, key=len, reverse=True)
    found = []
    for detail in error.errors(include_url=False):
        mistake = _mistake(detail, model, data, path)
        found.append(Mistake(mistake.path, _hide(mistake.text, hidden, detail), mistake.likely))
    return found


def _mistake(detail: ErrorDetails, model: type[BaseModel], data: Any, path: KeyPath) -> Mistake:
    location = _untagged(tuple(part for part in detail["loc"] if part != "[key]"), model)
    whole = (*path, *location)
    if detail["type"] == "union_tag_not_found":
        return Mistake((*whole, detail["ctx"]["discriminator"].strip("'")), "is required")
    if detail["type"] == "union_tag_invalid":
        meant = likely(str(detail["ctx"]["tag"]), _QUOTED.findall(str(detail["ctx"]["expected_tags"])))
        text = f"should be one of {detail['ctx']['expected_tags']}"
        return Mistake((*whole, detail["ctx"]["discriminator"].strip("'")), text, f'"{meant}"' if meant else None)
    if detail["type"] == "extra_forbidden" and location:
        return _unknown_key(whole, location, model, data, top=not path)
    if detail["type"] == "value_error":
        return Mistake(whole, str(detail["ctx"]["error"]))
    words = _WORDS.get(detail["type"])
    if words is None:
        words = detail["msg"].replace("Input should", "should")
        words = words[:1].lower() + words[1:]
    meant = None
    if detail["type"] in {"literal_error", "enum"} and isinstance(detail["input"], str):
        meant = likely(detail["input"], _QUOTED.findall(str(detail["ctx"]["expected"])))
    return Mistake(whole, words, f'"{meant}"' if meant else None)


def _untagged(location: KeyPath, model: type[BaseModel]) -> KeyPath:
    """Return a place without what pydantic adds to it where a table may have several models: which one it has."""
    kept: list[str | int] = []
    rest = list(location)
    here: type[BaseModel] | None = model
    while rest and here is not None:
        kept.append(rest.pop(0))
        info = here.model_fields.get(str(kept[-1]))
        found = inner_model(info.annotation) if info else None
        several = variants(info.annotation) if info else None
        if found and found[0] != "table" and rest:
            kept.append(rest.pop(0))
        here = found[1] if found else None
        if several and rest:
            here = several.models.get(str(rest.pop(0)))
    return (*kept, *rest)


def _unknown_key(whole: KeyPath, location: KeyPath, model: type[BaseModel], data: Any, *, top: bool) -> Mistake:
    key = str(location[-1])
    table = model_at(model, location[:-1], data)
    known = list(keys_of(table)) if table else []
    if top and len(location) == 1:
        meant = likely(key, known)
        return Mistake(whole, "unknown section", f"[{meant}]" if meant else _home_of(key, model))
    return Mistake(whole, "unknown key", (_home_of(key, model) if top else None) or likely(key, known))


def _home_of(key: str, model: type[BaseModel]) -> str | None:
    """Return ``key in [section]`` if the key stands in the wrong section."""
    inner = {name: inner_model(info.annotation) for name, info in model.model_fields.items()}
    sections = {name: keys_of(found[1]) for name, found in inner.items() if found and found[0] == "table"}
    homes = elsewhere(key, sections)
    return f"{key} in " + " or ".join(f"[{home}]" for home in homes) if homes else None


def keys_of(model: type[BaseModel]) -> Iterable[str]:
    """Yield the keys a table may hold, with those that say where a secret is."""
    for name, info in model.model_fields.items():
        yield name
        if is_one_secret(info.annotation):
            yield from (name + suffix for suffix in SUFFIXES)


def model_at(model: type[BaseModel], path: KeyPath, data: Any = None) -> type[BaseModel] | None:
    """Return the model of the table at a path below a model's; None where there is none.

    Where there are several, ``data``, the tree of values, says which one it is.
    """
    rest = list(path)
    here: type[BaseModel] | None = model
    while rest and here is not None:
        info = here.model_fields.get(str(rest[0]))
        data = _member(data, rest.pop(0))
        found = inner_model(info.annotation) if info else None
        if info is None or found is None:
            return None
        if found[0] != "table":
            if not rest:
                return None
            data = _member(data, rest.pop(0))
        several = variants(info.annotation)
        here = several.of(data) if several else found[1]
    return here


def _member(data: Any, key: str | int) -> Any:
    """Return what a table or a list holds; None if it does not."""
    if isinstance(data, dict):
        return data.get(key)
    return data[key] if isinstance(data, list) and isinstance(key, int) and key < len(data) else None


def _texts(data: Any) -> Iterable[str]:
    """Yield every text in a tree of values."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from _texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value)


def _hide(text: str, hidden: Iterable[str], detail: ErrorDetails) -> str:
    """Take what was given out of the words of a validator; pydantic's own words never hold it."""
    if detail["type"] != "value_error":
        return text
    for value in hidden:
        text = text.replace(value, "…")
    return text
