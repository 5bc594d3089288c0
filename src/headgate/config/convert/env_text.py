"""A file of variables (``.env``), read as python-dotenv does, with the line of each. Pure."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dotenv.parser import Binding, parse_stream

from headgate.config.convert.written import Written

_BREAK: Final = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Variables:
    """What a file sets. The last line that sets a variable counts."""

    values: Mapping[str, str | None]
    unread: Sequence[int] = ()
    """Lines that set nothing: a quote that is not closed, say."""


def read_env(text: str) -> Variables:
    """Return a file's variables. ``${NAME}`` is not filled in."""
    values: dict[str, str | None] = {}
    unread: list[int] = []
    for binding in parse_stream(io.StringIO(text, newline="")):
        line = _line(binding)
        if binding.error:
            unread += range(line, line + len(_BREAK.findall(binding.original.string.strip())) + 1)
        elif binding.key is not None:
            value = binding.value
            values.pop(binding.key, None)  # the line that counts is the one that is named
            values[Written(binding.key, line)] = None if value is None else Written(value, line)
    return Variables(values, unread)


def _line(binding: Binding) -> int:
    """Return the line a variable's name is on: empty ones before it are read with it."""
    read = binding.original.string
    before = read[: len(read) - len(read.lstrip())]
    return binding.original.line + len(_BREAK.findall(before))
