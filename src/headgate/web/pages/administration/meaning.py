"""A setting as pages show it: its value, and what it means as its model describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from headgate.config.listing import Setting
from headgate.config.locations import KeyPath
from headgate.config.settings import Settings

_LONGEST: Final = 2000
"""Characters of a value that are shown."""


def meaning_of(settings: Settings, path: KeyPath) -> str:
    """Return the description of the field that a path leads to; of a list's or table's member, that of the whole."""
    found, value = "", object()
    value = settings
    for part in path:
        if isinstance(value, BaseModel):
            info = type(value).model_fields.get(str(part))
            found = found if info is None or not info.description else info.description
            value = getattr(value, str(part), None)
        elif isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            break
    return found.replace("`", "")


def value_of(setting: Setting) -> str:
    """Return a setting's value as JSON; a secret in it is masked."""
    text = json.dumps(setting.value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
