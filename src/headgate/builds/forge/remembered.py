"""Answers that are kept, to be given again only if they changed (``ETag``, ``If-None-Match``).

GitHub does not count an answer 304.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_MOST: Final = 500
_MOST_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, the tag under which its service knows it, and what it said of the pages beside it."""

    tag: str
    content: bytes
    link: str = ""


class Remembered:
    """The newest answers, by what was asked."""

    def __init__(self, most: int = _MOST, most_bytes: int = _MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[str, ...], Kept] = OrderedDict()

    def get(self, asked: tuple[str, ...]) -> Kept | None:
        """Return the answer to a question."""
        found = self._kept.get(asked)
        if found is not None:
            self._kept.move_to_end(asked)
        return found

    def keep(self, asked: tuple[str, ...], tag: str, content: bytes, link: str = "") -> None:
        """Keep an answer, and forget the oldest."""
        old = self._kept.pop(asked, None)
        self._bytes -= 0 if old is None else len(old.content)
        self._kept[asked] = Kept(tag, content, link)
        self._bytes += len(content)
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            _, old = self._kept.popitem(last=False)
            self._bytes -= len(old.content)
