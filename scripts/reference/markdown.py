"""Pieces of Markdown, and the notes that stand under the members of a class."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Sequence

_DOUBLE = re.compile(r"``([^`\n]+)``")
_ROLE = re.compile(r":[a-z]+:`~?([^`]+)`")


def member_notes(cls: type) -> dict[str, str]:
    """Return member -> the string that stands under it in the class, as one line; only of members that have one."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    if not isinstance(tree, ast.ClassDef):
        raise TypeError(f"{cls!r} is no class")
    notes: dict[str, str] = {}
    for statement, follower in zip(tree.body, tree.body[1:], strict=False):
        name = _assigned(statement)
        if (
            name
            and isinstance(follower, ast.Expr)
            and isinstance(follower.value, ast.Constant)
            and isinstance(follower.value.value, str)
        ):
            notes[name] = prose(follower.value.value)
    return notes


def _assigned(statement: ast.stmt) -> str | None:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    return target.id if isinstance(target, ast.Name) else None


def doc(item: object) -> str:
    """Return the docstring of a class or function as Markdown, paragraph by paragraph."""
    return "\n\n".join(prose(part) for part in (inspect.getdoc(item) or "").split("\n\n"))


def prose(text: str) -> str:
    """Return a paragraph of a docstring as one line of Markdown."""
    return _DOUBLE.sub(r"`\1`", _ROLE.sub(r"`\1`", " ".join(text.split())))


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are Markdown, in which ``|`` and line breaks are made harmless."""
    lines = [_row(header), _row(["---"] * len(header)), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def code(text: object) -> str:
    """Return text as code inside a line; nothing for nothing."""
    shown = str(text)
    fence = "``" if "`" in shown else "`"
    return f"{fence}{shown}{fence}" if shown else ""


def generated(title: str, introduction: str, *parts: str) -> str:
    """Return a whole page."""
    return "\n".join([f"# {title}\n", introduction.strip() + "\n", *parts])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
