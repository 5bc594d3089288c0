"""Work that waits at a time is kept together, in its order; what fails takes no other with it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from headgate.store import cursors
from headgate.store.batches import Batches, Piece
from headgate.store.migrate import migrate
from headgate.store.signals import Topic
from headgate.store.store import Store, ring


@pytest.fixture
def sqlite(tmp_path: Path) -> Store:
    made = Store(f"sqlite:///{tmp_path}/headgate.db")
    migrate(made)
    return made


async def waiting_together(store: Store, works: list[Callable[[Connection], Any]]) -> list[object]:
    """Have all of these waiting before the first is done, and return how each ended."""
    holding, go_on = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        holding.set()
        assert go_on.wait(60)

    held = asyncio.create_task(store.write(hold))
    await asyncio.to_thread(holding.wait, 60)
    written = [asyncio.create_task(store.write(work)) for work in works]
    await asyncio.sleep(0)  # each has asked by now
    go_on.set()
    await held
    results: list[object] = await asyncio.gather(*written, return_exceptions=True)
    return results


def advance(name: str, to: float) -> Callable[[Connection], float]:
    def work(connection: Connection) -> float:
        cursors.advance(connection, name, to)
        return to

    return work


async def test_what_waits_is_kept_by_one_commit(sqlite: Store) -> None:
    commits: list[object] = []
    event.listen(sqlite.engine, "commit", commits.append)
    results = await waiting_together(sqlite, [advance(str(number), float(number)) for number in range(20)])
    assert results == [float(number) for number in range(20)]
    assert len(commits) == 2  # one for what held the others up
    assert await sqlite.read(lambda c: cursors.read(c, "19")) == 19.0
    await asyncio.to_thread(sqlite.close)


async def test_one_that_fails_takes_no_other_with_it(sqlite: Store) -> None:
    error = RuntimeError("no")

    def fails(connection: Connection) -> None:
        cursors.advance(connection, "never", 1.0)
        raise error

    results = await waiting_together(sqlite, [advance("before", 1.0), fails, advance("after", 2.0)])
    assert results == [1.0, error, 2.0]
    for name, kept in (("before", 1.0), ("never", None), ("after", 2.0)):
        assert await sqlite.read(lambda c, name=name: cursors.read(c, name)) == kept  # type: ignore[misc]
    await asyncio.to_thread(sqlite.close)


async def test_later_work_sees_what_earlier_work_did(sqlite: Store) -> None:
    results = await waiting_together(sqlite, [advance("a", 1.0), lambda c: cursors.read(c, "a")])
    assert results == [1.0, 1.0]
    await asyncio.to_thread(sqlite.close)


async def test_signals_follow_the_commit(sqlite: Store) -> None:
    bell = sqlite.bell(Topic.EVENTS)
    await waiting_together(sqlite, [lambda c: ring(c, Topic.EVENTS), advance("a", 1.0)])
    assert await bell.wait(60)
    await asyncio.to_thread(sqlite.close)


async def test_what_nobody_waits_for_any_more_is_not_begun(sqlite: Store) -> None:
    holding, go_on = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        holding.set()
        assert go_on.wait(60)

    held = asyncio.create_task(sqlite.write(hold))
    await asyncio.to_thread(holding.wait, 60)
    given_up = asyncio.create_task(sqlite.write(advance("a", 1.0)))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    go_on.set()
    await held
    assert await sqlite.read(lambda c: cursors.read(c, "a")) is None
    await asyncio.to_thread(sqlite.close)


@pytest.mark.parametrize("found_again", [True, False])
async def test_only_what_is_found_again_is_not_waited_for_on_the_disk(sqlite: Store, *, found_again: bool) -> None:
    def level(connection: Connection) -> int:
        return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    full, normal = 2, 1
    for _ in range(2):
        assert await sqlite.write(level, found_again=found_again) == (normal if found_again else full)
        assert await sqlite.write(level) == full
    await asyncio.to_thread(sqlite.close)


def test_what_waits_for_the_disk_and_what_does_not_go_together() -> None:
    seen: list[list[bool]] = []

    def together(pieces: list[Piece]) -> list[Any]:
        seen.append([piece.found_again for piece in pieces])
        return [None] * len(pieces)

    with ThreadPoolExecutor(1) as thread:
        go_on = threading.Event()
        thread.submit(go_on.wait)
        batches = Batches(thread, together)
        results: list[Future[Any]] = [
            batches.add(lambda _: None, found_again=True),
            batches.add(lambda _: None),
        ]
        go_on.set()
        for one in results:
            one.result(60)
    assert seen == [[True, False]]
