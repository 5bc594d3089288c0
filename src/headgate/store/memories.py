"""Memories: where each bot stands in its service's stream, and what is known of each cluster, kept over restarts."""

from __future__ import annotations

from sqlalchemy import Connection, select

from headgate.store.dialect import insert_new
from headgate.store.tables import memories


def recall(connection: Connection, name: str) -> str | None:
    """Return what was kept last under a name; None if nothing was."""
    return connection.execute(select(memories.c.value).where(memories.c.name == name)).scalar()


def recall_all(connection: Connection, prefix: str) -> dict[str, str]:
    """Return what was kept last under every name that begins so, by name."""
    query = select(memories.c.name, memories.c.value).where(memories.c.name.startswith(prefix, autoescape=True))
    return {row.name: row.value for row in connection.execute(query)}


def keep(connection: Connection, name: str, value: str) -> None:
    """Keep a value under a name, in place of the one before."""
    statement = insert_new(connection, memories).values(name=name, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
    )
