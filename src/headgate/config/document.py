"""The configuration file as a tree of values with their lines, and everything in it that is not TOML."""

from __future__ import annotations

import re
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from headgate.config.locations import KeyPath, locate
from headgate.config.problem import Problem

Tree = dict[str, Any]
"""Tables as dictionaries, values as ``tomllib`` gives them."""

_MAX_BYTES: Final = 4 * 1024 * 1024
_MAX_MISTAKES: Final = 20
_STATEMENT: Final = re.compile(r"""\s*(?:[\w."' -]+=|\[{1,2}\s*[A-Za-z_"'][^=,]*\]{1,2}\s*(?:\#.*)?$)""")
"""How a line looks that begins a statement of its own."""
_PLACE: Final = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(slots=True)
class Document:
    """What one file holds. With mistakes in its syntax, ``tree`` is what could be read all the same."""

    file: str
    tree: Tree = field(default_factory=dict)
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    world_readable: bool = False


def read_document(path: Path) -> Document:
    """Read a file; one that cannot be opened or decoded yields a problem and an empty tree."""
    document = Document(str(path))
    text = read_text(path, document, _MAX_BYTES)
    if text is not None:
        parse_document(text, document)
    return document


def read_text(path: Path, document: Document, most: int) -> str | None:
    """Return a file's text, its lines ending in a bare newline; None, with a problem in the document, if it has none.

    ``most``: bytes that it may have. Whether everybody may read it is written into the document, too.
    """
    try:
        with path.open("rb") as file:
            document.world_readable = bool(stat.S_IMODE(path.stat().st_mode) & stat.S_IROTH)
            raw = file.read(most + 1)
    except OSError as error:
        document.problems.append(Problem(str(path), None, "", f"cannot be read: {error.strerror or error}"))
        return None
    if len(raw) > most:
        document.problems.append(Problem(str(path), None, "", f"is larger than {most} bytes"))
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        document.problems.append(Problem(str(path), line, "", "is not UTF-8 text"))
        return None
    return text.replace("\r\n", "\n")


def parse_document(text: str, document: Document) -> None:
    """Fill the document from a text (lines end in a bare newline).

    A line that is not TOML is written down and left out, and the rest read on, so that one slip does not hide the
    others. Lines right below one left out that begin no statement of their own belong to the same slip.
    """
    lines = text.split("\n")
    left_out: set[int] = set()
    while True:
        rest = "\n".join("" if number in left_out else line for number, line in enumerate(lines, 1))
        try:
            document.tree = tomllib.loads(rest)
            break
        except tomllib.TOMLDecodeError as error:
            number, text_of_error = _read_error(str(error), len(lines))
        except RecursionError:
            document.problems.append(Problem(document.file, None, "", "nests values too deeply"))
            return
        if not _belongs_to(number, left_out, lines):
            document.problems.append(Problem(document.file, number, "", text_of_error))
        if number in left_out or len(document.problems) >= _MAX_MISTAKES:
            return
        left_out.add(number)
    document.lines = locate(rest)


def _read_error(text: str, last_line: int) -> tuple[int, str]:
    """Return line and words of tomllib's error, without the parts that quote the file."""
    place = _PLACE.search(text)
    line = int(place[1]) if place and place[1] else last_line
    said = _PLACE.sub("", text)
    if said.startswith(("Cannot overwrite", "Cannot declare", "Duplicate", "Cannot redefine", "Cannot mutate")):
        return line, "is there twice: this key or table was given before"
    return line, f"is not TOML: {said[:1].lower()}{said[1:]}"


def _belongs_to(number: int, left_out: set[int], lines: list[str]) -> bool:
    """Whether a line goes on from one left out above it: it begins no statement, and nothing lies between the two."""
    if number in left_out or _STATEMENT.match(lines[number - 1]):
        return number in left_out
    above = number - 1
    while above > 0 and above not in left_out and not lines[above - 1].split("#")[0].strip():
        above -= 1
    return above in left_out
