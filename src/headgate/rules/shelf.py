"""The rules as their files are now, read again only when a file changed, with what was decided about them."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection

from headgate.actions.catalogue import CATALOGUE
from headgate.rules import files
from headgate.rules.book import RuleBook
from headgate.rules.complaints import Complaints
from headgate.rules.files import Loaded
from headgate.store import rules
from headgate.store.store import Store

Signature = tuple[tuple[str, int, int], ...]


async def read_book(store: Store, directory: Path | None) -> RuleBook:
    """Return the rules of a directory and of the library, and what was decided about them. Raises StoreError."""
    loaded = await asyncio.to_thread(_read, directory)

    def work(connection: Connection) -> RuleBook:
        return RuleBook(loaded, rules.decisions(connection))

    return await store.read(work)


def _read(directory: Path | None) -> Loaded:
    return _loaded(directory, files.signature(directory))


@lru_cache(maxsize=4)
def _loaded(directory: Path | None, signature: Signature) -> Loaded:  # noqa: ARG001 - by it a change is seen
    return files.load(directory, Complaints(CATALOGUE))
