"""A configuration that is being written: tables of settings, with remarks. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headgate.model.text import one_line

Value = str | int | float | bool | Sequence[str]
_REMARK = 2000
"""Characters of a remark, which may quote what a file held."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(slots=True)
class Table:
    """One table of a TOML file: its settings, and remarks that stand where they were made."""

    name: str
    lines: list[str] = field(default_factory=list)

    def set(self, key: str, value: Value, remark: str = "") -> None:
        """Write a setting; with a remark above it where it is not exactly what the other program did."""
        if remark:
            self.remark(remark)
        self.lines.append(f"{toml_key(key)} = {toml_value(value)}")

    def set_tables(self, key: str, tables: Sequence[Mapping[str, str]]) -> None:
        """Write a setting that is a list of tables."""
        shown = [", ".join(f"{toml_key(name)} = {toml_value(value)}" for name, value in one.items()) for one in tables]
        self.lines.append(f"{toml_key(key)} = [{', '.join(f'{{ {one} }}' for one in shown)}]")

    def set_table(self, key: str, table: Mapping[str, str]) -> None:
        """Write a setting that is a table of texts."""
        shown = ", ".join(f"{toml_key(name)} = {toml_value(value)}" for name, value in table.items())
        self.lines.append(f"{toml_key(key)} = {{ {shown} }}")

    def remark(self, text: str) -> None:
        """Write a remark, wrapped."""
        self.lines.extend(f"# {line}" for line in _wrapped(one_line(text, _REMARK)))

    def text(self) -> str:
        """Return the table as TOML."""
        return "\n".join([f"[{self.name}]", *self.lines])


@dataclass(slots=True)
class Page:
    """The whole file."""

    head: list[str] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """Return the table of this name, making it at the end if it is not there."""
        return self.tables.setdefault(name, Table(name))

    def remark(self, text: str) -> None:
        """Write a remark at the head of the file."""
        self.head.extend(f"# {line}" for line in _wrapped(one_line(text, _REMARK)))

    def text(self) -> str:
        """Return the file; tables nothing was written into are left out."""
        parts = ["\n".join(self.head)] if self.head else []
        return "\n\n".join([*parts, *(table.text() for table in self.tables.values() if table.lines)]) + "\n"


def toml_key(key: str) -> str:
    """Return a key as TOML writes it, in quotes where it needs them."""
    return key if _BARE.fullmatch(key) else toml_value(key)


def toml_value(value: Value) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped, too.
        text = value.encode(errors="replace").decode()  # half a character cannot be written
        return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
    return f"[{', '.join(toml_value(one) for one in value)}]"


def _wrapped(text: str, width: int = 110) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines
