"""Five hundred mixed requests a second on one service, beside a bare FastAPI route and a bare read of the store.

Everything is real: a cluster, the executor as root, ``headgate serve`` with 10,000 jobs in its store. Requests start
when they are due, whatever became of those before, and time runs from then: a service that falls behind cannot hide it.
The client takes its share of the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from sqlalchemy import select

from bench import cpu
from bench.gateway import SCRIPT, fill, resident
from bench.kept_open import KeptOpen
from bench.report import print_goal, print_machine, print_table
from headgate.store import sessions
from headgate.store.store import Store
from headgate.store.tables import submissions
from headgate.testing.cluster import temporary_cluster
from headgate.web.pages.visitor import COOKIE
from tests.gateway.site import Gateway

GOAL = 0.5
"""Seconds: the 99th percentile of answers."""
MIX = {
    "GET /jobs/{id}": 50,
    "GET /jobs?limit=20": 20,
    "GET /jobs?state=...&limit=20": 8,
    "GET /ping": 12,
    "GET /readyz": 6,
    "GET /metrics": 4,
}
"""Requests, and how many of a hundred are such."""
_FASTAPI = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
async def bare() -> dict[str, str]:
    return {"name": "bare"}
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
"""
Request = Callable[[int], Awaitable[str]]
"""Makes a request; returns what kind of request it was. Raises when the answer is not the one that is due."""


@dataclass(slots=True)
class Taken:
    """How long requests took (seconds), by kind; and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def all(self) -> list[float]:
        """Every time."""
        return [one for some in self.seconds.values() for one in some]


async def at_rate(request: Request, rate: float, seconds: float, taken: Taken) -> None:
    """Make requests at a steady rate."""
    begun = time.perf_counter()
    under_way: set[asyncio.Task[None]] = set()

    async def one(number: int) -> None:
        due = begun + number / rate
        try:
            kind = await request(number)
        except (OSError, AssertionError, asyncio.IncompleteReadError) as error:
            taken.errors[f"{type(error).__name__}: {error}"[:80]] += 1
        else:
            taken.seconds[kind].append(time.perf_counter() - due)

    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(begun + number / rate - time.perf_counter(), 0))
        task = asyncio.create_task(one(number))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    while under_way:
        await asyncio.wait(under_way)


@contextlib.asynccontextmanager
async def bare_fastapi() -> AsyncIterator[int]:
    """Run one route of FastAPI's in a process of its own; give its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _FASTAPI, str(port), stderr=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def fastapi_alone(rate: float, seconds: float) -> Taken:
    """Return how long a bare route takes."""
    taken = Taken()
    async with bare_fastapi() as port, KeptOpen(port, {}) as client:

        async def bare(_: int) -> str:
            status, _body = await client.get("/")
            assert status == 200, status
            return "bare FastAPI route"

        await at_rate(bare, rate, 2, Taken())
        await at_rate(bare, rate, seconds, taken)
    return taken


async def store_alone(url: str, numbers: Sequence[str], rate: float, seconds: float) -> Taken:
    """Return how long it takes to read one row by its key, in this process."""
    taken = Taken()
    store = Store(url)

    async def read(number: int) -> str:
        wanted = select(submissions).where(submissions.c.id == numbers[number % len(numbers)])
        assert (await store.read(lambda c: c.execute(wanted).first())) is not None
        return "bare store read"

    await at_rate(read, rate, seconds, taken)
    await asyncio.to_thread(store.close)
    return taken


def mixed(client: KeptOpen, numbers: Sequence[str]) -> Request:
    """Return what makes one request after the other, in the proportions of the mix."""
    kinds = random.Random(1).choices(list(MIX), weights=list(MIX.values()), k=1000)
    paths = {"GET /jobs?state=...&limit=20": "/jobs?state=COMPLETED&limit=20"}

    async def request(number: int) -> str:
        kind = kinds[number % len(kinds)]
        path = paths.get(kind, kind.removeprefix("GET ")).replace("{id}", numbers[number * 7 % len(numbers)])
        status, body = await client.get(path)
        assert status == 200, f"{status} {kind} {body[:60]!r}"
        return kind

    return request


def submitting(client: KeptOpen) -> Request:
    """Return what submits held jobs."""
    body = json.dumps({"script": SCRIPT.decode(), "hold": True, "time": "1"}).encode()

    async def request(_: int) -> str:
        status, said = await client.post("/jobs", body)
        assert status == 201, said[:60]
        return "POST /jobs"

    return request


class Browsers:
    """Pages that are open: each holds a live stream, as a browser does."""

    def __init__(self, port: int, cookie: str, many: int) -> None:
        self._port, self._cookie, self._many = port, cookie, many
        self._tasks: list[asyncio.Task[None]] = []
        self._answered = asyncio.Semaphore(0)
        self.opened = self.news = self.broken = 0

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._look()) for _ in range(self._many)]
        async with asyncio.timeout(60):
            for _ in range(self._many):
                await self._answered.acquire()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _look(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        cookie = f"Cookie: {COOKIE}={self._cookie}\r\n" if self._cookie else ""
        writer.write(f"GET /ui/live?topics=jobs HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\n".encode())
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self._answered.release()
            if b" 200 " not in head.partition(b"\r\n")[0]:
                self.broken += 1
                return
            self.opened += 1
            while line := await reader.readline():
                self.news += line.startswith(b"event: news")
            self.broken += 1
        finally:
            writer.close()


async def cookie_for(url: str, user: str) -> str:
    """Sign somebody in, and return what their cookie holds."""
    store = Store(url)
    try:
        return await store.write(
            lambda c: sessions.begin(c, user, way="bench", now=time.time(), lifetime=86400.0, groups=())
        )
    finally:
        await asyncio.to_thread(store.close)


def rows(taken: Taken) -> list[list[str]]:
    """Return rows of the table, in milliseconds."""
    return [_row(kind, some) for kind, some in taken.seconds.items()]


def _row(kind: str, seconds: Sequence[float]) -> list[str]:
    cuts = statistics.quantiles(seconds, n=100) if len(seconds) > 1 else [*seconds] * 99
    return [kind, f"{len(seconds):,}", *(f"{1000 * value:.1f}" for value in (cuts[49], cuts[98], max(seconds)))]


async def measure(gateway: Gateway, rate: float, seconds: float, submits: float, browsers: int) -> bool:
    """Print how the service bears it."""
    numbers = await asyncio.to_thread(fill, gateway, 10_000)
    before = resident(gateway)
    base = await fastapi_alone(rate, min(seconds, 20))
    reads = await store_alone(gateway.url, numbers, rate, min(seconds, 20))
    taken = Taken()
    asking = {"X-Auth-Token": gateway.token, "User": "ada"}
    cookie = await cookie_for(gateway.url, "ada")
    async with (
        KeptOpen(gateway.port, asking) as client,
        KeptOpen(gateway.port, asking) as submitter,
        Browsers(gateway.port, cookie, browsers) as looking,
    ):
        await at_rate(mixed(client, numbers), rate / 4, 2, Taken())
        begun, used = time.perf_counter(), cpu.of_family(gateway.headgate.pid)
        await asyncio.gather(
            at_rate(mixed(client, numbers), rate - submits, seconds, taken),
            at_rate(submitting(submitter), submits, seconds, taken),
        )
        lasted, used = time.perf_counter() - begun, cpu.of_family(gateway.headgate.pid) - used
    together = Taken({"all of them": taken.all}, taken.errors)
    head = ["", "requests", "median ms", "99 % ms", "longest ms"]
    print_table(head, [*rows(base), *rows(reads), *rows(together), *rows(taken)])
    errors = sum(taken.errors.values())
    answered = len(taken.all)
    again = client.again + submitter.again
    print(f"\n{answered / lasted:,.0f} requests a second were answered, {errors} failed; ", end="")
    print(f"{again} were sent anew on a connection closed for being idle; ", end="")
    print(
        f"{looking.opened} pages were open, {looking.broken} broke off, {looking.news:,} times they were told of news"
    )
    each, share = 1000 * used / answered, 100 * used / lasted
    print(f"the service took {each:.2f} ms of CPU for each, and had {share:.0f} % of a core")
    print(f"memory of the service: {before:.0f} MB before, {resident(gateway):.0f} MB after all of it\n")
    for text, many in taken.errors.most_common(5):
        print(f"  {many} x {text}")
    late = statistics.quantiles(taken.all, n=100)[98]
    fine = print_goal(f"99 of 100 are answered within {GOAL * 1000:.0f} ms: {late * 1000:.0f} ms", late < GOAL)
    return print_goal(f"none fails, and no open page breaks off: {errors + looking.broken}", not errors) and fine


async def loaded(directory: Path, given: argparse.Namespace) -> bool:
    """Bring everything up, and measure."""
    with temporary_cluster(nodes=1) as cluster:
        parts = ["watcher", "worker", "http", "api", "pages"]
        async with Gateway(cluster, directory, service={"parts": parts}) as gateway:
            return await measure(gateway, given.rate, given.seconds, given.submits, given.browsers)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="./dev bench load", description=__doc__)
    parser.add_argument("--rate", type=float, default=500, help="requests a second, of all kinds")
    parser.add_argument("--seconds", type=float, default=30, help="how long; the figures in docs/why/scale.md: 300")
    parser.add_argument("--submits", type=float, default=2, help="of the requests: jobs submitted a second")
    parser.add_argument("--browsers", type=int, default=200, help="pages that are open meanwhile")
    given = parser.parse_args(arguments)
    if os.geteuid() != 0:
        print("a cluster and the executor need root")
        return 1
    print_machine(1)
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as made:
        Path(made).chmod(0o755)
        return 0 if asyncio.run(loaded(Path(made), given)) else 1
