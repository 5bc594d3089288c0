"""Keys of criteria, in JSONPath: where in an event a value is (``trigger.a[0].b``, ``trigger['a b']``)."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.jsonpath import JSONPath
from jsonpath_ng.parser import parse

from headgate.model.event import JSON

_LONGEST = 500


class PathError(Exception):
    """A key is no path."""


def without_tag(key: str) -> str:
    """Return a key without its tag: ``trigger.a#2`` is ``trigger.a``, written a second time."""
    return key.split("#", 1)[0]


@functools.lru_cache(maxsize=1024)
def path(key: str) -> JSONPath:
    """Read a key. Raises PathError."""
    if len(key) > _LONGEST:
        raise PathError(f"a key of more than {_LONGEST} characters")
    try:
        return parse(without_tag(key))
    except (JSONPathError, RecursionError, ValueError, TypeError, AttributeError) as error:
        raise PathError(f"no path into the event: {str(error).strip()}") from error


def values_at(key: str, tree: Mapping[str, JSON]) -> list[JSON]:
    """Return every value at a path. Raises PathError."""
    return [found.value for found in path(key).find(tree)]


def value_at(key: str, tree: Mapping[str, JSON]) -> JSON:
    """Return the first value at a path; None where there is none. Raises PathError."""
    found = values_at(key, tree)
    return found[0] if found else None
