"""Types in words for people who read JSON, not Python."""

from __future__ import annotations

import re
from typing import Any

_WORDS = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "None": "null",
}
_OPTIONAL = re.compile(r"\s*\|\s*None$")
_LIST = re.compile(r"tuple\[(.+), \.\.\.\]$")
_MODULE = re.compile(r"\b(?:[a-z_]+\.)+(?=[A-Z])")


def type_words(annotation: Any) -> str:
    """Return a type annotation in words: ``list of text``, ``whole number or null``."""
    text = annotation if isinstance(annotation, str) else _name(annotation)
    text = _MODULE.sub("", text)
    if optional := _OPTIONAL.search(text):
        return f"{type_words(text[: optional.start()])} or null"
    if many := _LIST.fullmatch(text):
        return f"list of {type_words(many[1])}"
    return _WORDS.get(text, f"`{text}`")


def _name(annotation: Any) -> str:
    plain = isinstance(annotation, type) and not getattr(annotation, "__args__", None)
    return str(annotation.__name__) if plain else str(annotation)
