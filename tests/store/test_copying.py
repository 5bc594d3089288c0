"""Backups: all of a store, in one file, for a store of either kind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, select, text

from headgate.errors import StoreBusyError, StoreError
from headgate.model.event import Event, EventKind, Source
from headgate.store import copying, cursors, journal
from headgate.store.copying import back_up, copy_all, restore
from headgate.store.journal import EventFilter
from headgate.store.migrate import migrate
from headgate.store.revision import NEWEST, current
from headgate.store.store import Store
from headgate.store.tables import metadata
from headgate.testing.postgresql import PostgresServer
from tests.cli.stored import filled_site

NAME = 'x\x1b[31m \u202e \U0001f4a5 it\'s "quoted"'


def fact(number: int) -> Event:
    return Event(
        key=f"job {number} ended", kind=EventKind.JOB_ENDED, time=float(number), subject=f"job {number}",
        source=Source.WATCHER, cluster="c", job_id=number, user="ada", data={"name": NAME},
    )  # fmt: skip


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""

    def read(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }

    return store.read_now(read)


@pytest.fixture
def filled(store_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store with deliveries, events and an app in it, whose newest event is gone."""
    site = filled_site(tmp_path)
    store = Store(store_url if store_url.startswith("postgresql") else site.url)
    if not store.sqlite:
        migrate(store)
        source = Store(site.url)
        copy_all(source, store)
        source.close()
    store.write_now(lambda c: journal.append(c, [fact(number) for number in range(100, 2600)]))
    store.write_now(lambda c: cursors.set_once(c, "test", 7.0))
    store.write_now(lambda c: c.execute(text("DELETE FROM events WHERE job_id = 2599")))
    yield store
    store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store that has no tables yet, of either kind."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        store = Store(server.new_database())
    else:
        store = Store(f"sqlite:///{tmp_path}/other.db")
    yield store
    store.close()


def test_a_backup_holds_every_row_and_a_store_of_either_kind_takes_it(
    filled: Store, empty: Store, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    rows = back_up(filled, file)
    assert rows["events"] == 2503
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in tmp_path.iterdir() if one.name.startswith((".headgate", "backup"))) == ["backup"]
    before = file.read_bytes()
    assert restore(file, empty) == rows
    assert everything(empty) == everything(filled)
    assert file.read_bytes() == before
    newest = empty.read_now(lambda c: journal.find(c, EventFilter(), limit=1))[0].id
    numbers = empty.write_now(lambda c: journal.append(c, [fact(9999)]))
    assert list(numbers.values()) == [newest + 2]  # the number of the event that is gone is not given again


def test_a_store_in_use_is_backed_up_as_it_is_at_one_moment(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = copying._copy
    seen: list[Table] = []

    def slowly(reading: Connection, writing: Connection, table: Table) -> int:
        if not seen:
            filled.write_now(lambda c: journal.append(c, [fact(5000)]))
        seen.append(table)
        return real(reading, writing, table)

    monkeypatch.setattr(copying, "_copy", slowly)
    rows = back_up(filled, tmp_path / "backup")
    assert (rows["events"], len(everything(filled)["events"])) == (2503, 2504)


def test_what_is_there_is_not_overwritten(filled: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_text("precious")
    with pytest.raises(StoreError, match="exists already"):
        back_up(filled, file)
    assert file.read_text() == "precious"
    with pytest.raises(StoreError, match="no directory"):
        back_up(filled, tmp_path / "none" / "backup")


def test_a_store_that_holds_something_is_replaced_only_when_told(filled: Store, empty: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    back_up(filled, file)
    migrate(empty)
    empty.write_now(lambda c: journal.append(c, [fact(1)]))
    before = everything(empty)
    with pytest.raises(StoreError, match="not empty"):
        restore(file, empty)
    assert everything(empty) == before
    restore(file, empty, replace=True)
    assert everything(empty) == everything(filled)


def test_a_backup_that_cannot_be_taken_changes_nothing(empty: Store, tmp_path: Path) -> None:
    migrate(empty)
    empty.write_now(lambda c: journal.append(c, [fact(1)]))
    before = everything(empty)
    file = tmp_path / "backup"
    for content in (b"", b"no backup", b"SQLite format 3\0" + bytes(100)):
        file.write_bytes(content)
        with pytest.raises(StoreError):
            restore(file, empty, replace=True)
    with pytest.raises(StoreError, match="cannot be read"):
        restore(tmp_path / "none", empty, replace=True)
    assert everything(empty) == before


def test_a_backup_of_an_older_headgate_is_brought_up_to_date(empty: Store, tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    old = Store(f"sqlite:///{file}")
    migrate(old, "0001")
    old.write_now(lambda c: c.execute(text("INSERT INTO cursors (name, value) VALUES ('watcher c', '5.0')")))
    with old.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    old.close()
    kept = tmp_path / "kept.db"
    shutil.copyfile(file, kept)
    restore(kept, empty)
    assert empty.read_now(current) == NEWEST
    assert empty.read_now(lambda c: cursors.read(c, "watcher c")) == 5


def test_a_backup_of_a_newer_headgate_is_refused(filled: Store, empty: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    back_up(filled, file)
    newer = Store(f"sqlite:///{file}")
    newer.write_now(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    newer.close()
    with pytest.raises(StoreError, match="newer Headgate"):
        restore(file, empty)


def test_nothing_is_restored_under_a_running_service(filled: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    back_up(filled, file)
    url = f"sqlite:///{tmp_path}/busy.db"
    service, store = Store(url), Store(url)
    try:
        service.hold_exclusively()
        with pytest.raises(StoreBusyError):
            restore(file, store)
    finally:
        service.close()
        store.close()
