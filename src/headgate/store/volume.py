"""How much is in the store."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, literal, select, text

from headgate.store.tables import metadata

MOST_COUNTED: Final = 100_000
"""So many rows of a table are counted; more are told as "more than"."""


def size(connection: Connection) -> int:
    """Return how many bytes the database takes."""
    if connection.dialect.name == "sqlite":
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def rows(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has, by name; at most one more than ``MOST_COUNTED``."""
    found = {}
    for table in sorted(metadata.tables.values(), key=lambda one: one.name):
        some = select(literal(1).label("one")).select_from(table).limit(MOST_COUNTED + 1).subquery()
        found[table.name] = int(connection.execute(select(func.count()).select_from(some)).scalar_one())
    return found
