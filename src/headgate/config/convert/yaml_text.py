"""YAML whose plain values all stay texts: ``token: 0123`` is the token ``0123``, not the number 83. Pure.

Each text knows the line it is on (``Written``), so that what is said of it need not repeat it.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from headgate.config.convert.written import Written

_TAG: Final = "tag:yaml.org,2002:"
_BLOCKS: Final = ("|", ">")


class _TextLoader(yaml.SafeLoader):
    """Makes nothing but texts, lists and tables; ``<<`` still merges."""


def _text(loader: _TextLoader, node: yaml.ScalarNode) -> Written:
    value = str(loader.construct_scalar(node))  # complains of what is no scalar
    start, end = node.start_mark.line, node.end_mark.line
    return Written(value, start + 1, wrapped=start != end or node.style in _BLOCKS)


_TextLoader.yaml_implicit_resolvers = {"<": [(f"{_TAG}merge", re.compile("<<"))]}
_TextLoader.yaml_constructors = {
    None: yaml.SafeLoader.construct_undefined,
    f"{_TAG}seq": yaml.SafeLoader.construct_yaml_seq,
    f"{_TAG}map": yaml.SafeLoader.construct_yaml_map,
    **{f"{_TAG}{name}": _text for name in ("str", "int", "float", "bool", "null", "timestamp")},
}


def read_yaml(text: str) -> Any:
    """Return what a document holds.

    Raises ValueError, which names the line and repeats nothing of the document: PyYAML's own words quote it.
    """
    try:
        return yaml.load(text, _TextLoader)  # noqa: S506 - it is a safe loader that knows less
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ValueError("" if mark is None else f"line {mark.line + 1}") from None
    except (RecursionError, ValueError, OverflowError):
        raise ValueError("it goes too deep, or holds no text") from None
