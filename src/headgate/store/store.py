"""Opening a store, and running pieces of work in it.

A piece of work is a function of a connection. It runs in a thread, inside one transaction: all of it is kept, or
nothing. SQLite has one writing thread per process, so that writers queue here and not in SQLite; PostgreSQL has as many
threads as connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import psycopg
import structlog
from prometheus_client import Counter, Histogram
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from headgate.errors import StoreBusyError, StoreError
from headgate.store import liveness
from headgate.store.batches import Batches, Piece
from headgate.store.clock import READ, Clock, give
from headgate.store.signals import Bell, Signals, Topic
from headgate.telemetry.spans import past

T = TypeVar("T")
Work = Callable[[Connection], T]

_log = structlog.get_logger(__name__)
_TOPICS = "headgate_topics"
_WAITS = "headgate_waits"
_KEPT = "headgate_kept"
_RETRIED = frozenset({"40001", "40P01"})  # serialization failure, deadlock: PostgreSQL asks to run it again
_RETRIES = 5
_SQLITE_BUSY = 30.0
_SLOW = 0.05
"""Seconds from which on a piece of work is a span of its own: of thousands a second, the others say nothing."""
SECONDS = Histogram(
    "headgate_store_seconds",
    "How long pieces of work in the store took, with the time until their turn.",
    ["kind"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
FAILURES = Counter("headgate_store_failures", "Pieces of work that the store refused or did not answer.", ["kind"])


def ring(connection: Connection, topic: Topic) -> None:
    """Have everybody who waits for ``topic`` woken once the transaction of this connection is kept."""
    topics: set[Topic] = connection.info.setdefault(_TOPICS, set())
    if topic not in topics:
        topics.add(topic)
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"NOTIFY {topic.value}"))


def once_kept(connection: Connection, tell: Callable[[], object]) -> None:
    """Have something counted or logged once the transaction of this connection is kept, and not if it is not."""
    connection.info.setdefault(_KEPT, []).append(tell)


@contextlib.contextmanager
def _timed(kind: Literal["read", "write"]) -> Iterator[None]:
    """Count how long a piece of work took, with the time until its turn; if that is long, tell of it by itself."""
    begun = time.perf_counter()
    try:
        yield
    except StoreError:
        FAILURES.labels(kind).inc()
        raise
    finally:
        seconds = time.perf_counter() - begun
        SECONDS.labels(kind).observe(seconds)
        if seconds >= _SLOW:
            past(f"store {kind}", seconds)


class Store:
    """An open store.

    Raises StoreError if the URL names no store Headgate knows, or the store cannot be reached.
    """

    def __init__(self, url: str, *, pool: int = 8) -> None:
        """Open ``sqlite:///PATH`` or ``postgresql://…``; ``pool`` is the number of connections to PostgreSQL."""
        self.url = _url(url)
        self.signals = Signals()
        self.clock = Clock()
        self._lock: int | None = None
        self._listener: asyncio.Task[None] | None = None
        self._batches: Batches | None = None
        self._soon: set[asyncio.Task[object]] = set()
        if self.sqlite:
            self._engine = _sqlite_engine(self.url)
            self._writers = ThreadPoolExecutor(1, "store-write")
            self._readers = ThreadPoolExecutor(4, "store-read")
            self._batches = Batches(self._writers, self._write_together)
        else:
            self._engine = _postgresql_engine(self.url, pool, self.clock)
            self._writers = self._readers = ThreadPoolExecutor(pool, "store")

    @property
    def sqlite(self) -> bool:
        """Whether this is SQLite: one process works on it, and nobody else has to be told."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def shown_url(self) -> str:
        """The URL as it is written in the configuration, without its password."""
        return self.url.set(drivername=self.url.get_backend_name()).render_as_string(hide_password=True)

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine, for migrations."""
        return self._engine

    async def write(self, work: Work[T], *, found_again: bool = False) -> T:
        """Run a piece of work that changes something; it is on disk when this returns. Raises StoreError.

        ``found_again``: a power failure may undo it, because what is on disk already leads to it again. A crash of
        this process does not.
        """
        with _timed("write"):
            if self._batches is not None:
                return await asyncio.wrap_future(self._batches.add(work, found_again=found_again))
            written = partial(self.write_now, work, found_again=found_again)
            return await asyncio.get_running_loop().run_in_executor(self._writers, written)

    def write_soon(self, work: Work[object], failed: Callable[[BaseException], None]) -> None:
        """Run a piece of work that changes something, once the caller waits for something else; ``read`` waits for it.

        Only for what is found again when this process is killed before. ``failed`` is told if it went wrong.
        """
        writing = asyncio.create_task(self.write(work, found_again=True), name="store write-soon")
        self._soon.add(writing)

        def done(writing: asyncio.Task[object]) -> None:
            self._soon.discard(writing)
            error = None if writing.cancelled() else writing.exception()
            if error is not None:
                failed(error)

        writing.add_done_callback(done)

    async def read(self, work: Work[T]) -> T:
        """Run a piece of work that changes nothing. Raises StoreError."""
        if self._soon:
            await asyncio.wait(self._soon)
        with _timed("read"):
            return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, work)

    def write_now(self, work: Work[T], *, found_again: bool = False) -> T:
        """Do what ``write`` does, in this thread."""
        [result] = self._write_together([Piece(work, found_again)])
        return cast("T", result)

    def _write_together(self, pieces: list[Piece]) -> list[Any]:
        """Run pieces of work in one transaction, and return their results. Raises StoreError, or what one raises."""
        for attempt in range(_RETRIES):
            try:
                with self._engine.connect() as connection:
                    return self._write_once(connection, pieces)
            except DBAPIError as error:
                if attempt + 1 < _RETRIES and getattr(error.orig, "sqlstate", None) in _RETRIED:
                    time.sleep(0.01 * 2**attempt)
                    continue
                raise store_error(error) from error
            except SQLAlchemyError as error:
                raise store_error(error) from error
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _write_once(self, connection: Connection, pieces: list[Piece]) -> list[Any]:
        connection.info.pop(_TOPICS, None)
        connection.info.pop(_KEPT, None)
        waits = not all(piece.found_again for piece in pieces)
        with connection.begin():
            begin_writing(connection, waits=waits)
            result = [piece.work(connection) for piece in pieces]
        for topic in connection.info.pop(_TOPICS, ()):
            self.signals.ring(topic)
        for tell in connection.info.pop(_KEPT, ()):
            tell()
        return result

    def read_now(self, work: Work[T]) -> T:
        """Do what ``read`` does, in this thread."""
        try:
            with self._engine.connect() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise store_error(error) from error

    def bell(self, *topics: Topic) -> Bell:
        """Make a bell that rings when there is news of one of these topics."""
        return self.signals.bell(*topics)

    def hold_exclusively(self) -> None:
        """For SQLite, keep other services out until ``close``. Raises StoreBusyError if one is in, StoreError."""
        path = self.url.database
        if not self.sqlite or not path or path == ":memory:" or self._lock is not None:
            return
        try:
            self._lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise StoreError(f"{path}.lock cannot be opened: {error.strerror}", transient=False) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreBusyError(
                f"another Headgate works on {path}: stop it first, or use PostgreSQL, on which several share the work"
            ) from None

    async def listen(self) -> None:
        """Pass on what other processes signal through PostgreSQL, until cancelled. Returns at once on SQLite."""
        while not self.sqlite:
            try:
                await self._listen_once()
            except psycopg.OperationalError as error:
                _log.warning("store.listen_lost", error=_first_line(error))
                await asyncio.sleep(2)

    async def connect(self) -> psycopg.AsyncConnection:
        """Return a connection to PostgreSQL of the caller's own, for locks and notices. Raises OperationalError."""
        watched = self.url.update_query_dict({name: str(value) for name, value in liveness.options(self.url).items()})
        url = watched.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
        try:
            await connection.execute(liveness.TELL_SERVER)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _listen_once(self) -> None:
        async with await self.connect() as connection:
            for topic in Topic:
                await connection.execute(f"LISTEN {topic.value}")
            for topic in Topic:
                self.signals.ring(topic)  # whatever came while nobody listened
            async for notice in connection.notifies():
                self.signals.ring(Topic(notice.channel))

    def close(self) -> None:
        """Close every connection, after the work under way."""
        self._writers.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self._engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _url(text_: str) -> URL:
    try:
        url = make_url(text_)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        backend = ""
    if backend == "sqlite":
        return url.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise StoreError("the store's URL must begin with sqlite:/// or postgresql://", transient=False)


def _postgresql_engine(url: URL, pool: int, clock: Clock) -> Engine:
    arguments = liveness.options(url)
    engine = create_engine(url, pool_size=pool, max_overflow=2, pool_pre_ping=True, connect_args=arguments)

    @event.listens_for(engine, "connect")
    def _connected(connection: psycopg.Connection, record: Any) -> None:
        give(record.info, clock)
        with connection.cursor() as cursor:
            cursor.execute(liveness.TELL_SERVER)
            shown = cursor.execute(READ).fetchone()
            clock.told(time.time() if shown is None else shown[0])
        connection.commit()

    return engine


def _sqlite_engine(url: URL) -> Engine:
    path = url.database
    if not path or path == ":memory:":
        raise StoreError("the store's URL must name a file: sqlite:////var/lib/headgate/headgate.db", transient=False)
    if not Path(path).parent.is_dir():
        raise StoreError(f"the store's directory {Path(path).parent} does not exist", transient=False)
    try:
        # SQLite gives its other files the rights of this one: nobody else reads what users' jobs did.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640))
    except OSError as error:
        raise StoreError(f"the store {path} cannot be opened: {error.strerror}", transient=False) from error
    engine = create_engine(
        url,
        pool_size=6,
        connect_args={"timeout": _SQLITE_BUSY, "check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        # WAL: readers never wait for the writer. FULL: a commit is on the disk, not only in the kernel.
        _write_ahead(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        # A queue of 100,000 is some 200 MB: enough of it in memory (KiB), and not copied back after every few pages.
        for pragma in ("cache_size=-65536", "mmap_size=268435456", "wal_autocheckpoint=4000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the log on; while another connection does the same to a new file, SQLite says so and does not wait."""
    deadline = time.monotonic() + _SQLITE_BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.01)
        else:
            return


def begin_writing(connection: Connection, *, waits: bool = True) -> None:
    """Begin a transaction that writes: in SQLite, where the driver leaves that to us, now, or when others are done.

    ``waits``: whether a commit returns when it is on the disk, or already when the kernel has it.
    """
    if connection.dialect.name != "sqlite":
        if not waits:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        return
    if connection.info.get(_WAITS, True) != waits:
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if waits else 'NORMAL'}")
        connection.info[_WAITS] = waits
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def store_error(error: SQLAlchemyError, what: str = "the store failed") -> StoreError:
    """Return a database's error as ours: in one line, transient where the database may come to itself."""
    transient = isinstance(error, DBAPIError) and (
        error.connection_invalidated or isinstance(error.orig, psycopg.OperationalError | sqlite3.OperationalError)
    )
    return StoreError(f"{what}: {_first_line(getattr(error, 'orig', None) or error)}", transient=transient)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
