"""Deliveries per second to a sink that takes every message at once, by size of the backlog, beside bare updates.

A delivery costs two updates of its row (claimed, delivered), the choosing of what is due, and the reading of a
message. The baseline is one update of the same row by plain SQL on one connection, in as large transactions.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.backlog import CONNECTOR, PostgresStores, SqliteStores, Stores, fill
from bench.report import Spread, print_goal, print_machine, print_table
from headgate.config.settings import NotifySettings
from headgate.model.delivery import DeliveryState
from headgate.store import deliveries
from headgate.store.store import Store
from headgate.testing.postgresql import PostgresServer

SIZES = (1_000, 10_000, 100_000)
GOAL_SQLITE = 3_000
GOAL_POSTGRESQL = 4_000
GOAL_FLATNESS = 0.8
_ROOT = Path(__file__).resolve().parent.parent
_DEADLINE = 600.0
"""Seconds after which a run counts as hung."""


@dataclass(slots=True)
class Case:
    """One way to work, and the rates it reached: size -> one per run."""

    name: str
    workers: int
    repeat_safe: bool = True
    rates: dict[int, list[float]] = field(default_factory=dict)
    cpu: dict[int, list[float]] = field(default_factory=dict)
    """CPU seconds for one delivery, of the workers and the database server."""

    @property
    def rate(self) -> float:
        """The rate at the largest backlog, which is measured for the longest time."""
        return Spread.of(self.rates[max(self.rates)]).median

    @property
    def flatness(self) -> float:
        """The rate at the largest backlog, divided by that at the smallest."""
        return self.rate / Spread.of(self.rates[min(self.rates)]).median


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="./dev bench deliveries", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="backlogs")
    parser.add_argument("--directory", type=Path, default=Path("/var/tmp"), help="on the disk to measure")  # noqa: S108
    chosen = parser.parse_args(arguments)
    print_machine(chosen.runs)
    with ExitStack() as stack:
        directory = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="headgate-bench-", dir=chosen.directory))
        )
        server = stack.enter_context(PostgresServer(parent=chosen.directory))
        sqlite = [Case("SQLite, 1 worker", 1), Case("SQLite, 1 worker, not repeat-safe", 1, repeat_safe=False)]
        postgresql = [
            Case("PostgreSQL, 1 worker", 1),
            Case("PostgreSQL, 2 workers", 2),
            Case("PostgreSQL, 2 workers, not repeat-safe", 2, repeat_safe=False),
        ]
        bare = measure(SqliteStores(directory), sqlite, chosen.sizes, chosen.runs)
        bare_postgresql = measure(PostgresStores(server), postgresql, chosen.sizes, chosen.runs)
    show([bare, *sqlite, bare_postgresql, *postgresql], chosen.sizes)
    reached = [
        print_goal(f"{goal:,}/s at the largest backlog: {case.name}", case.rate >= goal)
        for case, goal in ((sqlite[0], GOAL_SQLITE), (postgresql[1], GOAL_POSTGRESQL))
    ] + [
        print_goal(
            f"at least {GOAL_FLATNESS} of the rate at the smallest backlog: {case.name}", case.flatness >= GOAL_FLATNESS
        )
        for case in (sqlite[0], *postgresql[:2])
    ]
    return 0 if all(reached) else 1


def measure(stores: Stores, cases: Sequence[Case], sizes: Sequence[int], runs: int) -> Case:
    """Fill in the rates of the cases; return the baseline. Every run gets a fresh copy of the same store."""
    bare = Case(f"{stores.name}, bare updates", 0)
    for size in sizes:
        filled = stores.new()
        fill(filled, size)
        for _ in range(runs):  # in turn, so that what else the machine does falls on all of them
            copy = stores.copy(filled)
            bare.rates.setdefault(size, []).append(stores.update_rows(copy, NotifySettings().batch))
            stores.drop(copy)
            for case in cases:
                if case.repeat_safe or size == min(sizes):
                    copy = stores.copy(filled)
                    before = stores.server_seconds()
                    rate, seconds = asyncio.run(drain(copy, size, case))
                    seconds += stores.server_seconds() - before
                    case.rates.setdefault(size, []).append(rate)
                    case.cpu.setdefault(size, []).append(seconds / size)
                    stores.drop(copy)
        stores.drop(filled)
    return bare


async def drain(url: str, size: int, case: Case) -> tuple[float, float]:
    """Let the case's workers deliver everything; return deliveries recorded per second, and the workers' CPU seconds.

    Checks that each delivery went once.
    """
    workers = [await _start_worker(url, f"worker-{number}", case) for number in range(case.workers)]
    for worker in workers:
        await _line(worker)
    begun = asyncio.get_running_loop().time()
    for worker in workers:
        _stdin(worker).write(b"go\n")
    async with asyncio.timeout(_DEADLINE):
        ended = await _follow(workers, size)
        for worker in workers:
            _stdin(worker).write_eof()
        ends = [await _end(worker) for worker in workers]
        await asyncio.gather(*(worker.wait() for worker in workers))
    taken = sum(count for count, _ in ends)
    assert taken == size, f"{taken} messages were sent, {size} were owed"
    store = Store(url)
    counts = store.read_now(deliveries.counts)
    store.close()
    assert counts[CONNECTOR, DeliveryState.DELIVERED] == size, counts
    return size / (ended - begun), sum(seconds for _, seconds in ends)


async def _start_worker(url: str, owner: str, case: Case) -> asyncio.subprocess.Process:
    argv = [sys.executable, "-m", "bench.delivery_worker", url, owner, "1" if case.repeat_safe else "0"]
    return await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=_ROOT,
    )


async def _follow(workers: Sequence[asyncio.subprocess.Process], size: int) -> float:
    """Listen to the workers until all together have recorded everything; return when they had."""
    done = dict.fromkeys(range(len(workers)), 0)
    everything = asyncio.Event()
    last = 0.0

    async def listen(number: int, worker: asyncio.subprocess.Process) -> None:
        nonlocal last
        while not everything.is_set():
            when, _, count = (await _line(worker)).partition(" ")
            done[number] = int(count)
            last = max(last, float(when))
            if sum(done.values()) == size:
                everything.set()

    listeners = [asyncio.create_task(listen(*pair)) for pair in enumerate(workers)]
    await everything.wait()
    for listener in listeners:
        listener.cancel()
    results = await asyncio.gather(*listeners, return_exceptions=True)
    errors = [result for result in results if isinstance(result, Exception)]
    if errors:
        raise errors[0]
    return last


async def _line(worker: asyncio.subprocess.Process) -> str:
    assert worker.stdout is not None
    line = await worker.stdout.readline()
    if not line:
        raise RuntimeError(f"a worker ended early, with status {await worker.wait()}")
    return line.decode().strip()


async def _end(worker: asyncio.subprocess.Process) -> tuple[int, float]:
    """Return how many messages a worker has sent in all, and in how many CPU seconds."""
    while True:
        words = (await _line(worker)).split()
        if words[0] == "taken":
            return int(words[1]), float(words[2])


def _stdin(worker: asyncio.subprocess.Process) -> asyncio.StreamWriter:
    assert worker.stdin is not None
    return worker.stdin


def show(cases: Sequence[Case], sizes: Sequence[int]) -> None:
    """Print the table: per second at each size, and the ratio of the largest to the smallest."""
    largest, smallest = f"{max(sizes):,}", f"{min(sizes):,}"
    rows = [
        [
            case.name,
            *(Spread.of(case.rates[size]).text() if size in case.rates else "" for size in sizes),
            f"{case.flatness:.2f}" if len(case.rates) > 1 else "",
            f"{Spread.of(case.cpu[max(case.cpu)]).median * 1e6:.0f} µs" if case.cpu else "",
        ]
        for case in cases
    ]
    print_table(
        ["per second, at a backlog of", *(f"{size:,}" for size in sizes), f"{largest} : {smallest}", "CPU each"], rows
    )
    print(
        "\nWorkers are processes; SQLite serves one. Not repeat-safe: the service would show a message twice if it was"
        "\nsent twice, so each is recorded by itself before the next one is sent; measured at the smallest backlog.\n"
        "CPU: of the workers and the database server together, for one delivery, at the largest backlog.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
