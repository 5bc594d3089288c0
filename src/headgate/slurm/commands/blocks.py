"""scontrol's records of several lines, other than nodes and jobs: reservations and partitions.

Source: ``src/api/reservation_info.c`` and ``partition_info.c`` (from 25.11 in ``src/scontrol``), 20.11 to 26.05. Every
line but the first is set in by three blanks and holds fields, ``Key=value`` between blanks. A reservation's comment
(23.02 and later) is its last field and may hold anything, so of a field the first value counts.
"""

from __future__ import annotations

import re
from typing import Final

_NEXT: Final = re.compile(r" +(?=[A-Za-z_]+=)")
_FIELD: Final = re.compile(r"   ([A-Za-z_]+)=(.*)", re.DOTALL)
_NONE: Final = frozenset({"(null)", "N/A", "n/a"})


def parse(text: str, key: str) -> dict[str, dict[str, str]]:
    """Return the fields of each record by its name, ``key`` being the field that holds that."""
    starts = re.compile(rf"^{re.escape(key)}=(\S+)", re.MULTILINE)
    found = [(match.start(), match[1]) for match in starts.finditer(text)]
    ends = [*(start for start, _ in found[1:]), len(text)]
    records: dict[str, dict[str, str]] = {}
    for (start, name), end in zip(found, ends, strict=False):
        # Of two records with one name the second is in a comment of the first or of a later one.
        records.setdefault(name, _fields(text[start:end]))
    return records


def items(text: str) -> list[str]:
    """Return a list's items; none where Slurm says that there is none."""
    return [] if text in _NONE else [item for item in text.split(",") if item]


def plain(text: str) -> str:
    """Return a text; an empty one where Slurm says that there is none."""
    return "" if text in _NONE else text


def _fields(record: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    first, *lines = record.removesuffix("\n").removesuffix("\n").split("\n")
    for line in [f"   {first}", *lines]:
        match = _FIELD.fullmatch(line)
        if "Comment" in fields:
            fields["Comment"] += f"\n{line}"
        elif match is None:
            continue
        elif match[1] == "Comment":
            fields["Comment"] = match[2]
        else:
            for item in _NEXT.split(line.strip()):
                name, _, value = item.partition("=")
                fields.setdefault(name, value)
    return fields
