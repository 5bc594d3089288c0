"""People to test with."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from headgate.store.store import Store
from headgate.store.tables import links


async def link(store: Store, connector: str, user: str, target: str, identity: str = "") -> None:
    """Tie a chat identity to a user, as a bot would have done."""

    def write(connection: Connection) -> None:
        row = {"connector": connector, "identity": identity or f"id-{user}", "user": user, "target": target}
        connection.execute(insert(links).values(**row, name=user.title(), linked_at=1.0))

    await store.write(write)
