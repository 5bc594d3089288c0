"""Migrations lead to the tables the code knows, from wherever a store stands."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from headgate.errors import StoreError
from headgate.model.delivery import Priority
from headgate.store import claims, cursors, deliveries, migrations, outcomes
from headgate.store.claims import Limits
from headgate.store.deliveries import DeliveryFilter, Made
from headgate.store.migrate import _config, migrate, newest
from headgate.store.revision import NEWEST, check, current, following
from headgate.store.store import Store
from headgate.store.tables import metadata

VERSIONS = Path(migrations.__file__).parent / "versions"


@pytest.fixture
def empty(store_url: str) -> Iterator[Store]:
    opened = Store(store_url, pool=3)
    yield opened
    opened.close()


def revisions() -> list[str]:
    """Every revision, oldest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def indexes(connection: Connection) -> dict[str, set[str]]:
    """Table -> names of its indexes, which also hold what Alembic does not compare: what they are limited to."""
    found = inspect(connection)
    return {
        table: {
            f"{index['name']} {sorted(index['column_names'], key=str)} {_limit(index)}"
            for index in found.get_indexes(table)
            if "duplicates_constraint" not in index
        }
        for table in metadata.tables
    }


def _limit(index: object) -> bool:
    options = index.get("dialect_options", {})  # type: ignore[attr-defined]
    return any(name.endswith("_where") for name in options)


def test_an_empty_store_gets_the_tables_the_code_knows(empty: Store) -> None:
    assert empty.read_now(current) is None
    migrate(empty)
    assert empty.read_now(current) == newest() == revisions()[-1]
    assert empty.read_now(differences) == []


def test_indexes_are_the_same_as_the_codes(empty: Store, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    migrate(empty)
    url = f"sqlite:///{tmp_path}/made.db" if empty.sqlite else request.getfixturevalue("postgres").new_database()
    made = Store(url, pool=2)
    made.write_now(metadata.create_all)
    assert made.read_now(indexes) == empty.read_now(indexes)
    made.close()


def test_every_revision_on_the_way_leads_to_the_newest_and_keeps_what_was_there(empty: Store) -> None:
    for revision in revisions():
        migrate(empty, revision)
        assert empty.read_now(current) == revision
        if revision == revisions()[0]:
            empty.write_now(lambda c: cursors.advance(c, "kept", 4.0))
    assert empty.read_now(differences) == []
    assert empty.read_now(lambda c: cursors.read(c, "kept")) == 4.0


def test_what_was_owed_before_people_had_wishes_is_kept_and_sent(empty: Store) -> None:
    migrate(empty, "0001")
    event = "INSERT INTO events VALUES (1, 'k', 'mail.requested', 1, 1, 'job 7', 'alpha', 7, NULL, 'ada', '{}')"
    states = ("waiting", "ready", "sending", "delivered", "folded", "dead", "dropped")
    row = text(
        "INSERT INTO deliveries (id, event_id, key, connector, target, lane, state, attempts, not_before, created_at, "
        "lease_until, message) VALUES (:id, 1, :state, 'mailto', 'ada', :state, :state, 2, 5, 1, 9, :message)"
    )
    rows = [
        {"id": number, "state": state, "message": None if state == "waiting" else "{}"}
        for number, state in enumerate(states, 1)
    ]
    empty.write_now(lambda c: c.execute(text(event)) and c.execute(row, rows) and None)
    migrate(empty)
    kept = empty.read_now(lambda c: deliveries.find(c, DeliveryFilter(), limit=100))
    assert [(item.id, item.state.value, item.attempts) for item in kept] == [
        (number, state, 2) for number, state in enumerate(states, 1)
    ]
    empty.write_now(lambda c: outcomes.expire(c, 10.0))
    assert [item.person for item in empty.read_now(lambda c: deliveries.waiting_of(c, [1]))] == [""]
    empty.write_now(lambda c: deliveries.give_messages(c, {1: Made("{}", Priority.START)}, 10.0))
    bundles = empty.write_now(lambda c: claims.claim(c, "mailto", Limits(), owner="w", now=10.0, lease=60.0, most=10))
    assert sorted(bundle.deliveries[0].key for bundle in bundles) == ["ready", "sending", "waiting"]


def test_migrating_again_changes_nothing(empty: Store) -> None:
    migrate(empty)
    empty.write_now(lambda c: cursors.advance(c, "kept", 4.0))
    migrate(empty)
    assert empty.read_now(lambda c: cursors.read(c, "kept")) == 4.0


def test_the_tables_of_a_newer_headgate_are_left_alone(empty: Store) -> None:
    migrate(empty)
    empty.write_now(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")) and None)
    with pytest.raises(StoreError, match=r"written by a newer Headgate.*9999") as caught:
        migrate(empty)
    assert not caught.value.transient
    assert empty.read_now(current) == "9999"


def test_the_tables_of_the_next_version_are_worked_on_as_they_are(empty: Store) -> None:
    migrate(empty)
    ahead = following(NEWEST)
    empty.write_now(lambda c: c.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": ahead}) and None)
    migrate(empty)
    assert empty.read_now(current) == ahead
    check(empty.read_now(current))


REMOVES = {"drop_column", "drop_table", "rename_table", "alter_column", "create_check_constraint", "drop_constraint"}
ADDS_ONLY_SINCE = "0007"
"""Before it, nobody could rely on migrations that only add."""


def test_migrations_only_add_so_that_services_of_the_version_before_go_on() -> None:
    for path in sorted(VERSIONS.glob("[0-9]*.py")):
        if path.name >= ADDS_ONLY_SINCE:
            assert not list(not_added(path.read_text())), path.name


def not_added(source: str) -> Iterator[str]:
    """What a migration does that services of the version before would stumble over."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", "")
        if name in REMOVES:
            yield f"line {call.lineno}: {name}: old services still read and write this"
        if name == "add_column":
            column = next(one for one in ast.walk(call) if getattr(getattr(one, "func", None), "attr", "") == "Column")
            assert isinstance(column, ast.Call)
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in column.keywords}
            if "server_default" not in given and given.get("nullable", "True") != "True":
                yield f"line {call.lineno}: old services write rows without this column"


@pytest.mark.parametrize(
    "line",
    [
        'op.drop_column("jobs", "state")',
        'batch.alter_column("state", nullable=False)',
        'op.add_column("jobs", sa.Column("more", sa.Text(), nullable=False))',
    ],
)
def test_what_is_not_added_is_found(line: str) -> None:
    assert list(not_added(line))
    assert not list(not_added('op.add_column("jobs", sa.Column("more", sa.Text(), nullable=False, server_default=""))'))


async def test_several_may_migrate_at_once(store_url: str) -> None:
    stores = [Store(store_url, pool=1) for _ in range(4)]
    await asyncio.gather(*(asyncio.to_thread(migrate, opened) for opened in stores))
    assert stores[0].read_now(differences) == []
    for opened in stores:
        await asyncio.to_thread(opened.close)


def test_several_processes_may_migrate_at_once(store_url: str) -> None:
    code = (
        "import sys\nfrom headgate.store.migrate import migrate\nfrom headgate.store.store import Store\n"
        f"s = Store({store_url!r}, pool=1); sys.stdin.readline(); migrate(s); s.close()"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers


def test_a_migration_that_fails_leaves_the_store_as_it_was(empty: Store) -> None:
    empty.write_now(lambda c: c.execute(text("CREATE TABLE failures (x INTEGER)")) and None)
    with pytest.raises(StoreError, match="could not be brought up to date"):
        migrate(empty)
    assert empty.read_now(current) is None
    assert empty.read_now(lambda c: sorted(inspect(c).get_table_names())) == ["failures"]
