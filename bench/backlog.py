"""Stores with a backlog: made once for a size, copied for every run; and how fast their bare table can be updated."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy import Connection, make_url

from bench import cpu, sample
from headgate.model.event import Event, EventKind, Source
from headgate.store import deliveries, journal
from headgate.store.deliveries import NewDelivery
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.postgresql import PostgresServer

CONNECTOR = "instant"
WARM_UP = "warmup"
"""A second connector with a few deliveries, with which a worker's process gets warm before the clock starts."""
WARM_UPS = 100
_BATCH = 5000
_DIFFERENT = 500
"""So many different messages are made; after that they come again, for other jobs and users."""
_UPDATE = "UPDATE deliveries SET state = 'delivered', finished_at = {mark}, lease_owner = NULL, lease_until = NULL "


class Stores(Protocol):
    """Where stores are made: one kind of database."""

    name: str

    def server_seconds(self) -> float:
        """Return the CPU seconds a server has used so far; 0 without one."""

    def new(self) -> str:
        """Return the URL of a store that does not exist yet."""

    def copy(self, url: str) -> str:
        """Return the URL of a new copy of a store that nobody works on."""

    def drop(self, url: str) -> None:
        """Remove a store that nobody works on."""

    def update_rows(self, url: str, batch: int) -> float:
        """Update every delivery once by plain SQL, ``batch`` in a transaction; return rows per second."""


class SqliteStores:
    """Files in a directory."""

    name = "SQLite"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._count = 0

    def server_seconds(self) -> float:
        """Return 0: the workers do the work."""
        return 0.0

    def new(self) -> str:
        """Return the URL of a store that does not exist yet."""
        self._count += 1
        return f"sqlite:///{self._directory}/{self._count}.db"

    def copy(self, url: str) -> str:
        """Return the URL of a new copy of a store that nobody works on."""
        copy = self.new()
        shutil.copy(_path(url), _path(copy))
        return copy

    def drop(self, url: str) -> None:
        """Remove a store that nobody works on."""
        for path in self._directory.glob(f"{_path(url).name}*"):
            path.unlink()

    def update_rows(self, url: str, batch: int) -> float:
        """Update every delivery once by plain SQL, ``batch`` in a transaction; return rows per second."""
        connection = sqlite3.connect(_path(url), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32768"):
            connection.execute(f"PRAGMA {pragma}")
        numbers = [row[0] for row in connection.execute("SELECT id FROM deliveries ORDER BY id")]
        begun = time.monotonic()
        for some in _portions(numbers, batch):
            marks = ",".join("?" * len(some))
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"{_UPDATE.format(mark='?')} WHERE id IN ({marks})", [time.time(), *some])
            connection.execute("COMMIT")
        rate = len(numbers) / (time.monotonic() - begun)
        connection.close()
        return rate


class PostgresStores:
    """Databases of a server."""

    name = "PostgreSQL"

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    def server_seconds(self) -> float:
        """Return the CPU seconds the server's processes have used so far."""
        return cpu.of_family(self._server.pid or 0)

    def new(self) -> str:
        """Return the URL of a store that does not exist yet."""
        return self._server.new_database()

    def copy(self, url: str) -> str:
        """Return the URL of a new copy of a store that nobody works on."""
        return self._server.new_database(template=url)

    def drop(self, url: str) -> None:
        """Remove a store that nobody works on."""
        self._server.drop_database(url)

    def update_rows(self, url: str, batch: int) -> float:
        """Update every delivery once by plain SQL, ``batch`` in a transaction; return rows per second."""
        with psycopg.connect(url) as connection:
            numbers = [row[0] for row in connection.execute("SELECT id FROM deliveries ORDER BY id")]
            connection.commit()
            begun = time.monotonic()
            for some in _portions(numbers, batch):
                connection.execute(f"{_UPDATE.format(mark='%s')} WHERE id = ANY(%s)", [time.time(), some])
                connection.commit()
            return len(numbers) / (time.monotonic() - begun)


def fill(url: str, size: int) -> None:
    """Make a store with a backlog of ``size`` messages, of as many jobs or a little fewer, to a thousand users.

    A tenth of the deliveries are the second one of a job, which may not go out before the first. None of them is due
    to be folded: that depends on the limits.
    """
    store = Store(url)
    try:
        migrate(store)
        messages = [sample.message(number).model_dump_json() for number in range(1, _DIFFERENT + 1)]
        store.write_now(partial(_owe, messages=messages, start=0, end=WARM_UPS, connector=WARM_UP))
        for start in range(0, size, _BATCH):
            end = min(start + _BATCH, size)
            store.write_now(partial(_owe, messages=messages, start=start, end=end, connector=CONNECTOR))
    finally:
        store.close()


def _owe(connection: Connection, *, messages: list[str], start: int, end: int, connector: str) -> None:
    events = {
        f"{connector}-{number}": Event(
            key=f"{connector}-{number}",
            kind=EventKind.MAIL_REQUESTED,
            time=1_790_000_000.0,
            subject=f"job {_job(number)}",
            source=Source.MAIL,
            cluster=sample.CLUSTER,
            job_id=_job(number),
            user=sample.user_of(_job(number)),
        )
        for number in range(start, end)
    }
    written = journal.append(connection, list(events.values()))
    owed = [
        NewDelivery(
            event_id=written[key],
            key=f"delivery-of-{key}",
            connector=connector,
            target=event.user,
            lane=f"{connector}:{event.user}|{event.cluster}/{event.job_id}",
            message=messages[number % len(messages)],
        )
        for number, (key, event) in enumerate(events.items())
    ]
    deliveries.owe(connection, owed, time.time())


def _job(number: int) -> int:
    """Return which job a delivery is about: each tenth is about the job of the one before it."""
    return number - 1 if number % 10 == 9 else number


def _path(url: str) -> Path:
    return Path(str(make_url(url).database))


def _portions(numbers: list[int], size: int) -> Iterator[list[int]]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))
