"""INI files as Python's ``configparser`` reads them, with the line of each key. Pure.

The predecessor of builds is configured by them, ``app.cfg`` and ``repos.cfg``: with basic interpolation, in which
``%%`` is a ``%``.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_SECTION: Final = re.compile(r"\[(?P<name>.+)\]")
_KEY: Final = re.compile(r"(?P<key>.*?)\s*(?:[=:].*)?$")
_COMMENTS: Final = ("#", ";")


@dataclass(frozen=True, slots=True)
class Wrong:
    """What cannot be read: file, line (None for the file as a whole), section and key (empty if there is none)."""

    file: str
    line: int | None
    section: str
    key: str
    text: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        at = f" [{self.section}]" if self.section else ""
        return f"{place}:{at}{f' {self.key}' if self.key else ''}{':' if at else ''} {self.text}"


class WrongIniError(Exception):
    """A file cannot be read; ``wrong`` names the place. It never quotes a value, which may be a secret."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(str(wrong))
        self.wrong = wrong


class Ini:
    """A file that was read: the sections, their keys, and where these stand."""

    def __init__(self, text: str, file: str) -> None:
        """Read a file called ``file`` in messages. Raises WrongIniError."""
        self.file = file
        self._parser = configparser.ConfigParser()
        self._lines = _lines(text)
        try:
            self._parser.read_string(text, file)
        except (configparser.DuplicateOptionError, configparser.DuplicateSectionError) as error:
            option = getattr(error, "option", "") or ""
            raise WrongIniError(Wrong(file, error.lineno, str(error.section), option, "stands there twice")) from None
        except configparser.MissingSectionHeaderError as error:
            raise WrongIniError(Wrong(file, error.lineno, "", "", "stands before the first [section]")) from None
        except configparser.ParsingError as error:
            line = error.errors[0][0] if error.errors else None
            raise WrongIniError(Wrong(file, line, "", "", "is neither a key with = nor a [section]")) from None
        except configparser.Error:
            raise WrongIniError(Wrong(file, None, "", "", "cannot be read")) from None

    @property
    def sections(self) -> list[str]:
        """The names of the sections, in their order."""
        return self._parser.sections()

    def keys(self, section: str) -> list[str]:
        """Return a section's keys, in lower case; empty if it is not there."""
        return list(self._parser[section]) if section in self._parser else []

    def get(self, section: str, key: str) -> str | None:
        """Return a value, interpolated; None if it is not there. Raises WrongIniError."""
        if not self._parser.has_option(section, key):
            return None
        try:
            return self._parser.get(section, key)
        except configparser.InterpolationError as error:
            missing = (
                "names a key that is not there"
                if isinstance(error, configparser.InterpolationMissingOptionError)
                else "holds a % that is not written %%"
            )
            raise WrongIniError(self.wrong(section, key, missing)) from None
        except ValueError:
            raise WrongIniError(self.wrong(section, key, "cannot be read")) from None

    def wrong(self, section: str, key: str, text: str) -> Wrong:
        """Return a remark on a key, with its line."""
        return Wrong(self.file, self.line(section, key), section, key, text)

    def line(self, section: str, key: str = "") -> int | None:
        """Return the line, from 1, where a key (or its section) begins; None if it is not in the file."""
        return self._lines.get((section, key.lower()))


def _lines(text: str) -> Mapping[tuple[str, str], int]:
    """Return the lines of sections and keys. A line that is indented goes on with the value above it."""
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith(_COMMENTS):
            continue
        head = _SECTION.match(line.strip())
        if head and not line[0].isspace():
            section = head["name"]
            found.setdefault((section, ""), number)
        elif not line[0].isspace() and (key := _KEY.match(line)):
            found.setdefault((section, key["key"].strip().lower()), number)
    return found
