"""Settings from the environment: ``HEADGATE__SECTION__KEY=value``.

Names are read without regard to case, so a connector's name is matched with the ones in the file. A value is a text
that its setting reads as a number, a truth value or a word; one in ``[…]`` or ``{…}`` is read as a TOML value.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from headgate.config.document import Tree
from headgate.config.locations import KeyPath
from headgate.config.problem import Problem

PREFIX: Final = "HEADGATE__"
ENVIRONMENT: Final = "environment"
"""What stands in place of a file's name."""
_PART: Final = re.compile(r"[A-Z0-9][A-Z0-9_.-]*", re.IGNORECASE)


def overlay(tree: Tree, env: Mapping[str, str]) -> tuple[dict[KeyPath, str], list[Problem]]:
    """Put the environment's settings into the tree; return which variable each path came from, and what is wrong."""
    variables: dict[KeyPath, str] = {}
    problems: list[Problem] = []
    for variable in sorted(name for name in env if name.upper().startswith(PREFIX)):
        parts = variable[len(PREFIX) :].split("__")
        if not all(_PART.fullmatch(part) for part in parts):
            problems.append(Problem(ENVIRONMENT, None, variable, "should be HEADGATE__SECTION__KEY"))
            continue
        path = _put(tree, [part.lower() for part in parts], read_value(env[variable]))
        if path is None:
            problems.append(Problem(ENVIRONMENT, None, variable, "goes into a key that is not a table"))
        elif path in variables:
            problems.append(Problem(ENVIRONMENT, None, variable, f"says the same as {variables[path]}"))
        else:
            variables[path] = variable
    return variables, problems


def read_value(text: str) -> Any:
    """Return a list or table for a text that is one in TOML, any other text as it is."""
    if text.lstrip().startswith(("[", "{")):
        try:
            return tomllib.loads(f"value = {text.strip()}")["value"]
        except (tomllib.TOMLDecodeError, RecursionError):
            return text
    return text


def _put(tree: Tree, parts: list[str], value: Any) -> KeyPath | None:
    """Set a value at the path the parts name, and return the path; None if a plain value is in the way."""
    here: Any = tree
    path: list[str] = []
    for part in parts[:-1]:
        name = _existing(here, part)
        path.append(name)
        here = here.setdefault(name, {})
        if not isinstance(here, dict):
            return None
    name = _existing(here, parts[-1])
    here[name] = value
    return (*path, name)


def _existing(table: Mapping[str, Any], part: str) -> str:
    """Return the key of the table that a part of a variable's name stands for; the part itself if there is none."""
    if part in table:
        return part
    return next((name for name in table if re.sub(r"[.-]", "_", name.lower()) == part), part)
