"""All settings as they hold, one by one, with where each came from; secrets masked."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, SecretBytes, SecretStr

from headgate.config.locations import KeyPath
from headgate.config.origin import Origin

MASK: Final = "********"
"""What stands in place of a secret."""
_DEFAULT: Final = Origin("default")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its place, its value (JSON; secrets masked), and where the value came from."""

    path: KeyPath
    value: Any
    origin: Origin


def list_settings(table: BaseModel, origins: Mapping[KeyPath, Origin], path: KeyPath = ()) -> Iterator[Setting]:
    """Yield the settings of a table and of those in it. ``origins`` are those of values that are no defaults."""
    for name in type(table).model_fields:
        yield from _list(getattr(table, name), origins, (*path, name))


def _list(value: Any, origins: Mapping[KeyPath, Origin], path: KeyPath) -> Iterator[Setting]:
    if isinstance(value, BaseModel):
        yield from list_settings(value, origins, path)
    elif isinstance(value, Mapping) and value:
        for key, member in value.items():
            yield from _list(member, origins, (*path, key))
    elif isinstance(value, list | tuple) and any(isinstance(member, BaseModel) for member in value):
        for index, member in enumerate(value):
            yield from _list(member, origins, (*path, index))
    else:
        origin = _origin(path, origins)
        yield Setting(path, _shown(value, secret=origin.source != "default"), origin)


def _origin(path: KeyPath, origins: Mapping[KeyPath, Origin]) -> Origin:
    """Return where a value came from: its own place, or that of the list it stands in."""
    for length in range(len(path), 0, -1):
        if path[:length] in origins:
            return origins[path[:length]]
    return _DEFAULT


def _shown(value: Any, *, secret: bool) -> Any:
    """Return a value as JSON. A secret that is a default is none: it stands in the documentation."""
    if isinstance(value, SecretStr | SecretBytes):
        text = value.get_secret_value()
        return MASK if secret else text if isinstance(text, str) else MASK
    if isinstance(value, list | tuple):
        return [_shown(member, secret=secret) for member in value]
    if isinstance(value, Mapping):
        return {key: _shown(member, secret=secret) for key, member in value.items()}
    if isinstance(value, enum.Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value
