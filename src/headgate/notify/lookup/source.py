"""What a source of targets is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from headgate.notify.lookup.found import Answer


class LookupSource(Protocol):
    """One place where targets are known: GECOS, a directory, a program, a table."""

    @property
    def name(self) -> str:
        """The name in ``chain``."""

    async def find(self, names: Collection[str]) -> Mapping[str, Answer]:
        """Return an answer for each name (all of them names of accounts). Raises nothing; bounded in time."""
