"""Copying a whole store into another one, of either kind.

A backup is such a copy: a store on SQLite, in one file. Both sides have the same tables, so that a backup made of
PostgreSQL can be restored on SQLite, and the other way round.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, delete, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from headgate.errors import StoreError
from headgate.store.migrate import migrate
from headgate.store.revision import NEWEST, current
from headgate.store.store import Store, begin_writing, store_error
from headgate.store.tables import metadata

_AT_ONCE: Final = 1000
_SQLITE_HEADER: Final = b"SQLite format 3\0"


def back_up(store: Store, file: Path) -> dict[str, int]:
    """Write a copy of a store, as it is at one moment, into a new file; return table -> rows.

    The store may be in use. The file is there with all of it, or not at all, and only its owner can read it: it holds
    what users' jobs did. Raises StoreError.
    """
    if os.path.lexists(file):
        raise StoreError(f"{file} exists already: give another name", transient=False)
    if not file.parent.is_dir():
        raise StoreError(f"there is no directory {file.parent}", transient=False)
    with _private_directory(file.parent) as directory:
        made = directory / "store"
        os.close(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        copy = Store(f"sqlite:///{made}")
        try:
            migrate(copy)
            rows = copy_all(store, copy)
            with copy.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
        finally:
            copy.close()
        _on_disk(made)
        os.link(made, file)  # fails, where a rename would replace what somebody else has put there meanwhile
        _on_disk(file.parent)
    return rows


def restore(file: Path, store: Store, *, replace: bool = False) -> dict[str, int]:
    """Fill a store with what a backup holds; return table -> rows. The backup stays as it is.

    A store that holds something already is refused, unless it is to be replaced; then either all of it is, or nothing.
    No service may work on the store meanwhile. Raises StoreError.
    """
    with _opened_backup(file) as backup:
        store.hold_exclusively()
        migrate(store)
        return copy_all(backup, store, replace=replace)


def copy_all(source: Store, target: Store, *, replace: bool = False) -> dict[str, int]:
    """Copy every row of a store into another of the same revision, in one transaction. Raises StoreError."""
    try:
        with source.engine.connect() as reading, target.engine.connect() as writing:
            _begin_reading(reading)
            _check_revision(reading, source)
            with writing.begin():
                begin_writing(writing)
                _empty(writing, target, replace=replace)
                return {table.name: _copy(reading, writing, table) for table in metadata.sorted_tables}
    except SQLAlchemyError as error:
        raise store_error(error, "the store could not be copied") from error


def _begin_reading(connection: Connection) -> None:
    """See the store as it is now, whatever is written meanwhile."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")
    else:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _check_revision(connection: Connection, source: Store) -> None:
    if (found := current(connection)) != NEWEST:
        newer = found is not None and found > NEWEST
        advice = "it was written by a newer Headgate: use that one" if newer else "run: headgate store migrate"
        raise StoreError(
            f"{source.shown_url} is at revision {found}, and {NEWEST} is needed; {advice}", transient=False
        )


def _empty(connection: Connection, target: Store, *, replace: bool) -> None:
    for table in reversed(metadata.sorted_tables):
        if replace:
            connection.execute(delete(table))
        elif connection.execute(select(table).limit(1)).first() is not None:
            raise StoreError(
                f"{target.shown_url} is not empty (look at {table.name}); --replace gives up what it holds",
                transient=False,
            )


def _copy(reading: Connection, writing: Connection, table: Table) -> int:
    found = reading.execution_options(stream_results=True).execute(select(table))
    number = 0
    for rows in found.mappings().partitions(_AT_ONCE):
        writing.execute(table.insert(), [dict(row) for row in rows])
        number += len(rows)
    if table.dialect_options["sqlite"]["autoincrement"]:
        _number_on(writing, table, _last_number(reading, table))
    return number


def _last_number(connection: Connection, table: Table) -> int:
    """Return the highest number a table ever gave to a row: those of rows that are gone are not given again."""
    if connection.dialect.name == "sqlite":
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return int(connection.execute(query, {"name": table.name}).scalar() or 0)
    sequence = connection.execute(select(func.pg_get_serial_sequence(table.name, "id"))).scalar()
    kept = connection.execute(select(func.max(table.c.id))).scalar()
    given = connection.execute(select(func.pg_sequence_last_value(text("CAST(:name AS regclass)"))), {"name": sequence})
    return max(int(kept or 0), int(given.scalar() or 0))


def _number_on(connection: Connection, table: Table, last: int) -> None:
    if not last:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
        row = {"name": table.name, "seq": last}
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), row)
        return
    connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), last)))


@contextlib.contextmanager
def _opened_backup(file: Path) -> Iterator[Store]:
    """Open a copy of a backup, brought to this Headgate's revision. Raises StoreError if it is none."""
    with _private_directory() as directory:
        copy = directory / "store"
        try:
            with file.open("rb") as opened:
                if opened.read(len(_SQLITE_HEADER)) != _SQLITE_HEADER:
                    raise StoreError(f"{file} is no backup of Headgate's", transient=False)
            shutil.copyfile(file, copy)
        except OSError as error:
            raise StoreError(f"{file} cannot be read: {error.strerror}", transient=False) from error
        backup = Store(f"sqlite:///{copy}")
        try:
            if backup.read_now(current) is None:
                raise StoreError(f"{file} is no backup of Headgate's", transient=False)
            migrate(backup)
            yield backup
        finally:
            backup.close()


@contextlib.contextmanager
def _private_directory(within: Path | None = None) -> Iterator[Path]:
    try:
        made = tempfile.mkdtemp(prefix=".headgate-", dir=within)
    except OSError as error:
        raise StoreError(f"{error.filename} cannot be made: {error.strerror}", transient=False) from error
    try:
        yield Path(made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _on_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
