"""The few places where SQLite and PostgreSQL are spoken to differently."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Table, any_, column, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite


def inserting(connection: Connection) -> Callable[[Table], postgresql.Insert | sqlite.Insert]:
    """Return what makes an INSERT for a table that knows ON CONFLICT."""
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


def insert_new(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT for ``table`` that knows ON CONFLICT."""
    return inserting(connection)(table)


def one_of(connection: Connection, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return "column is one of values"; on PostgreSQL as one parameter, so that one plan serves any number."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(column.type)))
    return column.in_(values)


def insert_rows(
    connection: Connection, statement: postgresql.Insert | sqlite.Insert, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Run an INSERT for many rows; on PostgreSQL as one statement, since each one takes its share of a round trip."""
    if connection.dialect.name != "postgresql":
        connection.execute(statement, list(rows))
        return
    columns = [statement.table.columns[name] for name in rows[0]]
    values = (literal([row[one.name] for row in rows], ARRAY(one.type)) for one in columns)
    given = func.unnest(*values).table_valued(*(column(one.name, one.type) for one in columns)).render_derived()
    connection.execute(statement.from_select([one.name for one in columns], select(given)))
