"""The pack's rules: those of Headgate's library that are StackStorm's as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from headgate.actions.catalogue import Catalogue
from headgate.pack.actions import PACK
from headgate.pack.documents import document
from headgate.rules import documents
from headgate.rules.files import LIBRARY

_KEYS: Final = ("name", "pack", "description", "enabled", "trigger", "criteria", "action", "type", "tags")


def files(catalogue: Catalogue, library: Path = LIBRARY) -> Iterator[tuple[str, str]]:
    """Return the rules of this pack. Raises ValueError for one that names an action the pack has not."""
    for path in sorted(library.glob("*.yaml")):
        tree = documents.read(path).tree
        if tree.get("pack") != PACK or "headgate" in tree:  # StackStorm has no words for guards and steps
            continue
        action = str(tree["action"]["ref"])
        if action not in catalogue:
            raise ValueError(f"the rule {tree['name']} does {action}, and there is no such action")
        rule = {"enabled": False, **tree}
        yield f"rules/{tree['name']}.yaml", document({key: rule[key] for key in _KEYS if key in rule})
