"""On which line of a TOML text each key stands.

``tomllib`` gives values without their places; this reads only the places. It follows TOML 1.0 (https://toml.io) and
forgives what is not TOML: a text that cannot be read yields the places found so far, never an error. Whether a text is
TOML is decided by ``tomllib`` alone.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import Final

KeyPath = tuple[str | int, ...]
"""A way into a document: keys, and indexes of arrays."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BASIC: Final = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_LITERAL: Final = re.compile(r"'[^'\n]*'")
_LONG: Final = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}', re.DOTALL)
_SCALAR: Final = re.compile(r"[^,\]}\n#]*")
_REST: Final = re.compile(r"[^\n]*")
_MAX_DEPTH: Final = 100


class _NotTomlError(Exception):
    """The text goes on in a way that TOML does not."""


def locate(text: str) -> dict[KeyPath, int]:
    """Lines, from 1, of all keys, tables and array elements in the text; the first place of each.

    A table that is only implied (``a`` in ``[a.b]``) has the line that implies it.
    """
    scan = _Scan(text)
    scan.document()
    return scan.lines


def line_of(path: KeyPath, lines: dict[KeyPath, int]) -> int | None:
    """Return the line of a path, or else that of the nearest table or array around it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


class _Scan:
    """One pass over a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._tables: dict[KeyPath, int] = {}
        """How many elements each array of tables has so far."""

    def document(self) -> None:
        """Read statement after statement; go on at the next line after one that cannot be read."""
        table: KeyPath = ()
        while self._skip(_BLANK) or self.at < len(self.text):
            if self.at >= len(self.text):
                return
            start = self.at
            try:
                if self.text[self.at] == "[":
                    table = self._header()
                else:
                    self._pair(table, 0)
            except _NotTomlError:
                self.at = max(self.at, start)
            self._skip(_REST)

    def _header(self) -> KeyPath:
        line = self._line()
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        parts = self._key()
        self._expect("]]" if many else "]")
        path = self._note(self._inside((), parts[:-1]), (), line)
        path = (*path, parts[-1])
        if many:
            self.lines.setdefault(path, line)
            self._tables[path] = self._tables.get(path, 0) + 1
        path = self._inside(path[:-1], path[-1:])
        return self._note(path, (), line)

    def _inside(self, path: KeyPath, parts: KeyPath) -> KeyPath:
        """Follow parts from a path; an array of tables means its latest element."""
        for part in parts:
            path = (*path, part)
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        return path

    def _note(self, path: KeyPath, parts: KeyPath, line: int) -> KeyPath:
        """Write down the line of a path and of all that it implies."""
        whole = (*path, *parts)
        for length in range(1, len(whole) + 1):
            self.lines.setdefault(whole[:length], line)
        return whole

    def _pair(self, table: KeyPath, depth: int) -> None:
        line = self._line()
        path = self._note(table, self._key(), line)
        self._expect("=")
        self._skip(_SPACE)
        self._value(path, depth)

    def _value(self, path: KeyPath, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise _NotTomlError
        if self.text.startswith(('"""', "'''"), self.at):
            self._take(_LONG)
        elif self.text.startswith('"', self.at):
            self._take(_BASIC)
        elif self.text.startswith("'", self.at):
            self._take(_LITERAL)
        elif self.text.startswith("[", self.at):
            self._array(path, depth + 1)
        elif self.text.startswith("{", self.at):
            self._inline_table(path, depth + 1)
        else:
            self._take(_SCALAR)

    def _array(self, path: KeyPath, depth: int) -> None:
        self.at += 1
        for index in range(len(self.text)):
            self._skip(_BLANK)
            if self._accept("]"):
                return
            self.lines.setdefault((*path, index), self._line())
            self._value((*path, index), depth)
            self._skip(_BLANK)
            if not self._accept(","):
                self._expect("]")
                return

    def _inline_table(self, path: KeyPath, depth: int) -> None:
        self.at += 1
        while True:
            self._skip(_BLANK)
            if self._accept("}"):
                return
            self._pair(path, depth)
            self._skip(_BLANK)
            if not self._accept(","):
                self._expect("}")
                return

    def _key(self) -> KeyPath:
        parts: list[str | int] = []
        while True:
            self._skip(_SPACE)
            if self.text.startswith('"', self.at):
                parts.append(_plain(self._take(_BASIC)))
            elif self.text.startswith("'", self.at):
                parts.append(self._take(_LITERAL)[1:-1])
            else:
                parts.append(self._take(_BARE))
            self._skip(_SPACE)
            if not self._accept("."):
                return tuple(parts)

    def _line(self) -> int:
        return bisect_right(self._newlines, self.at - 1) + 1 if self.at else 1

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self.text, self.at)
        moved = match is not None and match.end() > self.at
        if match:
            self.at = match.end()
        return moved

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if not match:
            raise _NotTomlError
        self.at = match.end()
        return match[0]

    def _accept(self, mark: str) -> bool:
        if self.text.startswith(mark, self.at):
            self.at += len(mark)
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._accept(mark):
            raise _NotTomlError


def _plain(quoted: str) -> str:
    """Return what a quoted key means, its escapes resolved; the text itself if they cannot be."""
    try:
        return str(tomllib.loads(f"key = {quoted}")["key"])
    except tomllib.TOMLDecodeError:
        return quoted[1:-1]
