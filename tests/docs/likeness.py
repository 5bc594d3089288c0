"""Whether what came is what a page shows: word for word, but for what is measured or counted up by each run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

ANYTHING: Final = "…"
"""What a page writes for what it leaves out."""
_UNITS: Final = r"(?:%|KiB|MiB|GiB|d|h|min|s|ms)"
_MEASURE: Final = rf"(?:< )?\d+(?:\.\d+)? {_UNITS}(?:\s+\d+(?:\.\d+)? (?:h|min|s|ms))*"
_VARIES: Final = (
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?",
    r"[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d [A-Z]{3} \d{4}",
    r"\d{4}-\d\d-\d\d",
    r"\d\d:\d\d:\d\d",
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    r"[0-9a-f]{32,64}",
    r"[0-9A-Z]{6}-[0-9A-Z]{6}",
    rf"{_MEASURE}(?!\w)",
    r"\[[#.]+\]",
    r"-{3,}|─{3,}",
)
"""Times, ids that are made up, measures with a unit, bars, rules: each may be another one of its kind."""
_LABELLED: Final = r"\b(?P<label>job|array|port|uid)(?P<between>s? (?:id )?`?|=)(?P<number>\d+)"
"""Numbers that a run counts up, and that have to be the same wherever the page has the same."""
_TOKEN: Final = re.compile("|".join([*(f"(?:{kind})" for kind in _VARIES), _LABELLED, ANYTHING]))
_FIRST: Final = re.compile(r"(?P<number>\d+)(?=\s\s)")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")


@dataclass
class Known:
    """Which number came where the page has which: by label and the page's number. An id of a row has the label id."""

    numbers: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, label: str, number: str) -> str | None:
        """Return the number that came. An array is a job."""
        return self.numbers.get((_kind(label), number))

    def learn(self, label: str, number: str, came: str) -> None:
        """Remember one."""
        self.numbers.setdefault((_kind(label), number), came)

    def forget(self, label: str) -> None:
        """Forget all numbers of a label."""
        self.numbers = {name: number for name, number in self.numbers.items() if name[0] != label}


def _kind(label: str) -> str:
    return "job" if label == "array" else label


def difference(
    shown: str, came: str, known: Known | None = None, *, any_order: bool = False, numbers: bool = False
) -> str:
    """Return what a page shows that did not come; empty if it came, as it stands and in one piece.

    How wide space is does not count, nor where lines are broken. ``any_order``: the lines may come in any. ``numbers``:
    every number may be another one.
    """
    known = Known() if known is None else known
    parts = [line for line in shown.splitlines() if line.strip()] if any_order else [shown]
    for part in parts:
        pattern, names = _pattern(part, known, numbers=numbers)
        found = re.search(pattern, came)
        if found is None:
            return _first_missing(part, came, known, numbers=numbers)
        for group, (label, number) in names.items():
            known.learn(label, number, found[group])
    return ""


def _first_missing(shown: str, came: str, known: Known, *, numbers: bool) -> str:
    """Return the line at which what came stops being what is shown."""
    lines = shown.strip().splitlines()
    for end in range(1, len(lines)):
        pattern, _ = _pattern("\n".join(lines[:end]), known, numbers=numbers)
        if re.search(pattern, came) is None:
            return lines[end - 1]
    return lines[-1]


def _pattern(shown: str, known: Known, *, numbers: bool) -> tuple[str, dict[str, tuple[str, str]]]:
    """Return a regular expression, and which of its groups is which number."""
    names: dict[str, tuple[str, str]] = {}

    def number(label: str, written: str) -> str:
        if (was := known.of(label, written)) is not None:
            return rf"{was}\b"
        for group, name in names.items():
            if name == (_kind(label), written):
                return rf"(?P={group})\b"
        group = f"n{len(names)}"
        names[group] = (_kind(label), written)
        return rf"(?P<{group}>\d+)\b"

    lines = [_line(line.strip(), number, numbers=numbers) for line in shown.strip().splitlines()]
    whole = r"\s+".join(lines).replace(r"\s+(?s:.*?)\s+", r"(?s:\s.*?)")
    begin, end = (r"\b" if edge.isalnum() else "" for edge in (shown.strip()[:1], shown.strip()[-1:]))
    return begin + whole + end, names


def _line(line: str, number: Callable[[str, str], str], *, numbers: bool) -> str:
    """Return a line as a regular expression. ``number``: makes one of a label and the page's number."""
    if line == ANYTHING:
        return "(?s:.*?)"
    pieces, position = [], 0
    if first := _FIRST.match(line):
        pieces.append(number("id", first["number"]))
        position = first.end()
    for token in _TOKEN.finditer(line, position):
        pieces.append(_plain(line[position : token.start()], numbers=numbers))
        position = token.end()
        if token["label"]:
            pieces.append(_plain(token["label"] + token["between"], numbers=False))
            pieces.append(number(token["label"], token["number"]))
        elif token[0] == ANYTHING:
            pieces.append(".*?")
        else:
            pieces.append(next(f"(?:{kind})" for kind in _VARIES if re.fullmatch(kind, token[0])))
    return "".join([*pieces, _plain(line[position:], numbers=numbers)])


def _plain(text: str, *, numbers: bool) -> str:
    """Return a text as a regular expression. Space is any space, also none before the end of a line."""
    words = [re.escape(word) for word in re.split(r"\s+", text)]
    if numbers:
        words = [_NUMBER.sub(r"\\d+(?:\\.\\d+)?", word.replace(r"\.", ".")) if _NUMBER.search(word) else word
                 for word in words]  # fmt: skip
    return r"\s+".join(words)


def with_known(command: str, known: Known) -> str:
    """Return a command in which the page's numbers are those that came."""

    def job(match: re.Match[str]) -> str:
        return match[1] + (known.of("job", match[2]) or match[2])

    def row(match: re.Match[str]) -> str:
        return match[1] + (known.of("id", match[2]) or match[2])

    command = re.sub(r"(--job[= ]|\bscontrol show job |\bscancel )(\d+)\b", job, command)
    return re.sub(r"(\b(?:show|retry|drop|unsubscribe|approve|refuse|cancel) )(\d+)\b", row, command)
