"""Cursors: how far each source has read."""

from __future__ import annotations

from sqlalchemy import Connection, select

from headgate.store.dialect import insert_new
from headgate.store.tables import cursors


def read(connection: Connection, name: str) -> float | None:
    """Return a cursor's value, or None if it was never set."""
    value = connection.execute(select(cursors.c.value).where(cursors.c.name == name)).scalar()
    return None if value is None else float(value)


def advance(connection: Connection, name: str, value: float) -> None:
    """Set a cursor."""
    statement = insert_new(connection, cursors).values(name=name, value=repr(value))
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
    )


def set_once(connection: Connection, name: str, value: float) -> None:
    """Set a cursor, unless it is set."""
    connection.execute(insert_new(connection, cursors).values(name=name, value=repr(value)).on_conflict_do_nothing())
