"""What another program's file says, table by table; what nobody asked for can be told at the end. Pure.

What is told names places, never what stands there: the second line of a password that was wrapped looks like a key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headgate.config.convert.written import Written, lines


class Given:
    """One table of a foreign file. ``where`` is put before its keys when they are named, such as ``slurmer.``."""

    def __init__(self, content: object, where: str = "") -> None:
        """Take the table; what is none counts as an empty one, and is told as a key that could not be read."""
        self._where = where
        self._content: Mapping[object, object] = content if isinstance(content, Mapping) else {}
        self._asked: set[str] = set()
        self._below: list[Given] = []
        self._odd: list[str] = []
        if content is not None and not isinstance(content, Mapping):
            self._odd.append(f"{where.rstrip('.')} is no table; it was left out.")

    def __contains__(self, key: str) -> bool:
        """Say whether the key is there at all."""
        return key in self._content

    def has(self, key: str) -> bool:
        """Say whether the key holds something, whatever it is."""
        self._asked.add(key)
        value = self._content.get(key)
        return bool(value.strip()) if isinstance(value, str) else value is not None

    def text(self, key: str) -> str:
        """Return a key's text, "" if there is none. One that goes over several lines is left out."""
        value = self._content.get(key)
        if isinstance(value, Written) and value.wrapped:
            self._asked.add(key)
            self._odd.append(f"{self._where}{key} goes over more than one line; it was left out.")
            return ""
        return self.secret(key)

    def secret(self, key: str) -> str:
        """Return a key's text, "" if there is none, however it was written. It is to be repeated nowhere."""
        self._asked.add(key)
        value = self._content.get(key)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str | int | float):
            return str(value).strip()
        if value is not None:
            self._odd.append(f"{self._where}{key} is no text; it was left out.")
        return ""

    def texts(self, key: str) -> list[str]:
        """Return the texts of the list that a key holds; a text alone counts as its words."""
        self._asked.add(key)
        value = self._content.get(key)
        if isinstance(value, str):
            return value.split()
        if isinstance(value, Sequence) and all(isinstance(one, str | int | float) for one in value):
            return [str(one) for one in value]
        if value is not None:
            self._odd.append(f"{self._where}{key} is no list of texts; it was left out.")
        return []

    def note(self, *keys: str) -> None:
        """Have keys count as asked for: what they hold is of no use here."""
        self._asked.update(keys)

    def table(self, key: str) -> Given:
        """Return the table that a key holds, an empty one if there is none."""
        self._asked.add(key)
        below = Given(self._content.get(key), f"{self._where}{key}.")
        self._below.append(below)
        return below

    def tables(self, key: str) -> list[Given]:
        """Return the tables of the list that a key holds."""
        self._asked.add(key)
        value = self._content.get(key)
        if value is None:
            return []
        if not isinstance(value, Sequence) or isinstance(value, str):
            self._odd.append(f"{self._where}{key} is no list; it was left out.")
            return []
        found = [Given(one, f"{self._where}{key}[{number}].") for number, one in enumerate(value)]
        self._below += found
        return found

    def left(self) -> list[str]:
        """Return where keys are that nobody asked for, here and below: their lines, or how many of which table."""
        own = [key for key in self._content if not (isinstance(key, str) and key in self._asked)]
        known = [key.line for key in own if isinstance(key, Written)]
        other = len(own) - len(known)
        table = self._where.rstrip(".")
        told = [lines(known).capitalize() + (f", in {table}" if table else "")] if known else []
        if other:
            told.append(f"{other} {'keys' if other > 1 else 'key'} of {table or 'the file'}")
        return told + [words for below in self._below for words in below.left()]

    def odd(self) -> list[str]:
        """Return what has the wrong shape, in words, here and below, each once."""
        return list(dict.fromkeys(self._odd + [words for below in self._below for words in below.odd()]))
