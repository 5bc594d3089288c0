"""One record of the mail spool, taken apart: what slurmctld gave to the hand-off, and when.

The form is described in ``headgate_mailprog.py``, which writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headgate.errors import RecordError

_MAGIC: Final = b"headgate-mail "
_VERSION: Final = b"1"
_MICROSECONDS: Final = 1_000_000
_MAX_DIGITS: Final = 17
"""Digits in a time in microseconds until the year 5138; a count has fewer."""


@dataclass(frozen=True, slots=True)
class MailRecord:
    """What the hand-off was given. Texts are untrusted; bytes that are not UTF-8 have become U+FFFD."""

    id: str
    """The record's name in the spool."""
    received: float
    """Seconds since the epoch."""
    argv: tuple[str, ...]
    """All words of the command line; the first is the program."""
    environment: Mapping[str, str]
    """The variables whose names begin with ``SLURM_``."""


def parse_record(data: bytes, *, name: str) -> MailRecord:
    """Take the record ``name`` apart. Raises RecordError if it is none, is cut off, or goes on after its end."""
    if not data.startswith(_MAGIC):
        raise RecordError("this is not a record of headgate-mailprog")
    *parts, rest = data.split(b"\0")
    if rest or not parts:
        raise RecordError("the record is cut off")
    version = parts.pop(0).removeprefix(_MAGIC)
    if version != _VERSION:
        shown = version[:20].decode("ascii", "replace")
        raise RecordError(f"the record has version {shown}; this Headgate reads version {_VERSION.decode()}")
    micros = _number(parts, 0)
    argv, rest_at = _counted(parts, 1)
    variables, end = _counted(parts, rest_at)
    if end != len(parts):
        raise RecordError("the record goes on after its end")
    return MailRecord(name, micros / _MICROSECONDS, tuple(argv), _pairs(variables))


def _number(parts: list[bytes], position: int) -> int:
    word = parts[position] if position < len(parts) else b""
    if not word.isdigit() or len(word) > _MAX_DIGITS:
        raise RecordError("the record is damaged: a number is missing")
    return int(word)


def _counted(parts: list[bytes], position: int) -> tuple[list[str], int]:
    """Return the words of a list that is led by their number, and the position behind it."""
    start = position + 1
    end = start + _number(parts, position)
    if end > len(parts):
        raise RecordError("the record is cut off")
    return [word.decode("utf-8", "replace") for word in parts[start:end]], end


def _pairs(variables: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for variable in variables:
        name, equals, value = variable.partition("=")
        if not equals:
            raise RecordError("the record is damaged: a variable has no value")
        pairs.setdefault(name, value)  # as getenv(3): the first counts
    return pairs
