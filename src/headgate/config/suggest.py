"""What somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

_CUTOFF: Final = 0.6


def likely(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was most likely meant, or None if none is like it.

    Case and ``-`` for ``_`` do not count as differences.
    """
    by_form = {_form(name): name for name in known}
    close = difflib.get_close_matches(_form(word), by_form, n=1, cutoff=_CUTOFF)
    return by_form[close[0]] if close else None


def elsewhere(key: str, sections: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the sections that do have the key."""
    return [section for section, keys in sections.items() if key in keys]


def _form(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
