"""Which shape the tables have, without the machinery that changes it: every command asks this first."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

NEWEST = "0007"
"""The newest migration; a test holds that it is."""


def current(connection: Connection) -> str | None:
    """Return the revision the tables are at; None if there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
