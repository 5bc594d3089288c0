"""Targets from a table: in the configuration, or in a file that is read again when it changes."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path

from headgate.errors import ConfigError
from headgate.notify.lookup.found import Answer, Failed, answer_of, is_user_name

MAX_OCTETS = 16 * 1024 * 1024
"""Of a table's file."""
_LINE = re.compile(r"(?P<user>[^\s,]+)(?:\s*,\s*|\s+)(?P<target>\S.*)")

_Version = tuple[int, int, int]


class Table:
    """Looks names up in a table. ``path``: a file that goes after ``inline``."""

    name = "table"

    def __init__(self, inline: Mapping[str, str], path: Path | None) -> None:
        self._inline = dict(inline)
        self._path = path
        self._read: tuple[_Version, Mapping[str, object]] | None = None

    async def find(self, names: Collection[str]) -> Mapping[str, Answer]:
        """Return an answer for each name."""
        known = {name: answer_of(self._inline[name], self.name) for name in names if name in self._inline}
        others = [name for name in names if name not in known]
        if not others:
            return known
        try:
            table = await asyncio.to_thread(self._current)
        except ConfigError as error:
            return known | dict.fromkeys(others, Failed(error.message, error.transient))
        return known | {name: answer_of(table.get(name), self.name) for name in others}

    def _current(self) -> Mapping[str, object]:
        """Return the file's table, read anew if the file is another one or was written since."""
        if self._path is None:
            return {}
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor: opened so that a pipe cannot hold us up
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    raise ConfigError(f"table: {self._path} is no regular file", transient=True)
                version = (status.st_mtime_ns, status.st_size, status.st_ino)
                if self._read is not None and self._read[0] == version:
                    return self._read[1]
                raw = file.read(MAX_OCTETS + 1)
        except OSError as error:
            raise ConfigError(f"table: {self._path} cannot be read: {error.strerror}", transient=True) from error
        table = read_table(raw, self._path)
        self._read = (version, table)
        return table


def read_table(raw: bytes, path: Path) -> Mapping[str, object]:
    """Return a file's table: TOML if it is called so, else a line ``USER TARGET`` or ``USER,TARGET`` each.

    Raises ConfigError, transient because the file may be half written or be put right any time.
    """
    if len(raw) > MAX_OCTETS:
        raise ConfigError(f"table: {path} is larger than {MAX_OCTETS} bytes", transient=True)
    try:
        text = raw.decode()
        return tomllib.loads(text) if path.suffix == ".toml" else _lines(text, path)
    except UnicodeDecodeError as error:
        raise ConfigError(f"table: {path} is not UTF-8 text", transient=True) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"table: {path} is not TOML", transient=True) from error


def _lines(text: str, path: Path) -> Mapping[str, object]:
    table: dict[str, object] = {}
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None or not is_user_name(match["user"]):
            raise ConfigError(f"table: line {number} of {path} is not `USER TARGET`", transient=True)
        if table.setdefault(match["user"], match["target"]) != match["target"]:
            raise ConfigError(f"table: line {number} of {path} names a user again, with another target", transient=True)
    return table
