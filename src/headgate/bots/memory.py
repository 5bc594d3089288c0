"""A listener's memory, in the store: any instance that takes over goes on where the last one stood."""

from __future__ import annotations

from headgate.store import memories
from headgate.store.store import Store


class StoreMemory:
    """Keeps one value under a name. Both methods raise StoreError."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name

    async def recall(self) -> str | None:
        """Return what was kept last."""
        return await self._store.read(lambda connection: memories.recall(connection, self._name))

    async def keep(self, value: str) -> None:
        """Keep this."""
        await self._store.write(lambda connection: memories.keep(connection, self._name, value))
