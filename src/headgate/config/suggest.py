"""What somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

_CUTOFF: Final = 0.6
_SHORTEST_PART: Final = 3


def likely(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was most likely meant, or None if none is like it.

    Case and ``-`` for ``_`` do not count as differences; part of a name will do if only one name has it.
    """
    by_form = {_form(name): name for name in known}
    form = _form(word)
    close = difflib.get_close_matches(form, by_form, n=1, cutoff=_CUTOFF)
    if not close and len(form) >= _SHORTEST_PART:
        close = [name for name in by_form if form in name]
    return by_form[close[0]] if len(close) == 1 else None


def elsewhere(key: str, sections: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the sections that do have the key."""
    return [section for section, keys in sections.items() if key in keys]


def _form(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
