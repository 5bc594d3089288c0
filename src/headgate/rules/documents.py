"""Rule files as trees of values with their lines, from YAML and TOML; what is wrong with them has a line, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import yaml

from headgate.config.document import Document, parse_document, read_text
from headgate.config.locations import KeyPath
from headgate.config.problem import Problem

SUFFIXES: Final = (".yaml", ".yml", ".toml")
_MOST_BYTES: Final = 256 * 1024
_MOST_VALUES: Final = 20_000
_DEEPEST: Final = 40
_PLAIN_TAGS: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))


class _MistakeError(Exception):
    """Something that is no value, and its line."""

    def __init__(self, text: str, line: int | None) -> None:
        super().__init__(text)
        self.line = line


def read(path: Path) -> Document:
    """Read a file; what is wrong with it is among the document's problems."""
    document = Document(str(path))
    text = read_text(path, document, _MOST_BYTES)
    if text is not None:
        parse(text, document, toml=path.suffix == ".toml")
    return document


def parse(text: str, document: Document, *, toml: bool) -> None:
    """Fill a document from a text."""
    if toml:
        parse_document(text, document)
        if not document.problems:
            try:
                document.tree = json.loads(json.dumps(document.tree, default=_moment))
            except RecursionError:
                document.problems.append(Problem(document.file, None, "", "nests values too deeply"))
        return
    try:
        _parse_yaml(text, document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.problems.append(
            Problem(document.file, None if mark is None else mark.line + 1, "", f"is not YAML: {error.problem}")
        )
    except yaml.YAMLError as error:
        document.problems.append(Problem(document.file, None, "", f"is not YAML: {type(error).__name__}"))
    except _MistakeError as error:
        document.problems.append(Problem(document.file, error.line, "", str(error)))
    except RecursionError:
        document.problems.append(Problem(document.file, None, "", "nests values too deeply"))


def _moment(value: object) -> str:
    """Return a TOML date as the text it was."""
    return str(value)


def _parse_yaml(text: str, document: Document) -> None:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise _MistakeError("should be a table of keys and values", 1)
    reading = _Reading(document)
    tree = reading.value(root, ())
    document.tree = tree if isinstance(tree, dict) else {}


class _Reading:
    """One pass over the nodes of a YAML text."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._left = _MOST_VALUES
        self._constructor = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        """Return the value of a node. An alias is what it names, so often as it is named: the whole is bounded."""
        line = node.start_mark.line + 1
        self._document.lines.setdefault(path, line)
        self._left -= 1
        if self._left < 0 or len(path) > _DEEPEST:
            raise _MistakeError("holds too many values, or nests them too deeply", line)
        if isinstance(node, yaml.MappingNode):
            return self._table(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(one, (*path, number)) for number, one in enumerate(node.value)]
        if node.tag in _PLAIN_TAGS:
            try:
                return self._constructor.construct_object(node)
            except ValueError as error:
                raise _MistakeError("is no number", line) from error
        if node.tag.startswith("!"):
            raise _MistakeError(f"the tag {node.tag[:40]} has no meaning here", line)
        return str(node.value)

    def _table(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise _MistakeError("a key is no text", line)
            if key.tag == "tag:yaml.org,2002:merge":
                merged = self.value(value, path)
                table = {**merged, **table} if isinstance(merged, dict) else table
                continue
            if key.value in table:
                raise _MistakeError(
                    f"the key {key.value[:60]!r} is there twice (criteria take tags: key#1, key#2)", line
                )
            self._document.lines[*path, key.value] = line
            table[key.value] = self.value(value, (*path, key.value))
        return table
