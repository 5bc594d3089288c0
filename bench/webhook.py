"""A hundred webhooks a second: how long each waits for its answer, beside an empty route of the same service.

``headgate serve`` is a process of its own, on SQLite or PostgreSQL; every webhook is signed, is another comment for the
bot, and is in the journal when it is answered. Requests start when they are due, whatever became of those before, and
time runs from then: a service that falls behind cannot hide it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2

from bench.report import print_goal, print_machine, print_table
from headgate.store import journal
from headgate.store.journal import EventFilter
from headgate.store.store import Store
from headgate.testing.postgresql import PostgresServer
from tests.builds.incoming.signing import SECRET, comment, headers
from tests.service.running import RunningHeadgate

GOAL = 0.050
"""Seconds: the 99th percentile of answers to webhooks."""
Request = Callable[[int], Awaitable[None]]


async def at_rate(request: Request, rate: float, seconds: float) -> list[float]:
    """Make requests at a steady rate; return how long each took from when it was due."""
    took: list[float] = []
    begun = time.perf_counter()

    async def one(number: int) -> None:
        due = begun + number / rate
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        await request(number)
        took.append(time.perf_counter() - due)

    await asyncio.gather(*(one(number) for number in range(int(rate * seconds))))
    return took


def row(name: str, took: Sequence[float]) -> list[str]:
    """Return a row of the table, in milliseconds."""
    cuts = statistics.quantiles(took, n=100)
    return [name, str(len(took)), *(f"{1000 * value:.1f}" for value in (cuts[49], cuts[89], cuts[98], max(took)))]


async def measure(url: str, directory: Path, rate: float, seconds: float) -> tuple[list[float], list[float]]:
    """Return how long webhooks and an empty route took."""
    tables: dict[str, dict[str, Any]] = {
        "store": {"url": url},
        "service": {"listen": "127.0.0.1:0", "parts": ["http"]},
        "builds.forges.main": {"kind": "github", "app_id": 1, "private_key": "/nowhere", "webhook_secret": SECRET},
    }
    bodies = [json.dumps(comment(id=number + 1)).encode() for number in range(int(rate * seconds))]
    signed = [headers(body, "issue_comment") for body in bodies]
    limits = httpx2.Limits(max_connections=100)
    async with RunningHeadgate(directory, tables) as running:
        base = f"http://127.0.0.1:{running.port}"
        async with httpx2.AsyncClient(base_url=base, limits=limits, timeout=60, trust_env=False) as client:

            async def webhook(number: int) -> None:
                answer = await client.post("/github/webhook", content=bodies[number], headers=signed[number])
                assert answer.status_code == 202, answer.text

            async def empty(_: int) -> None:
                assert (await client.get("/healthz")).status_code == 200

            await at_rate(empty, rate, 2)
            base_line = await at_rate(empty, rate, seconds)
            own = await at_rate(webhook, rate, seconds)
    return own, base_line


async def count(url: str) -> int:
    """Return how many events there are."""
    store = Store(url)
    found = await store.read(lambda c: journal.find(c, EventFilter(kind="pull_request.comment"), limit=1_000_000))
    await asyncio.to_thread(store.close)
    return len(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if the goal is missed."""
    parser = argparse.ArgumentParser(prog="./dev bench webhook", description=__doc__)
    parser.add_argument("--rate", type=float, default=100, help="webhooks a second")
    parser.add_argument("--seconds", type=float, default=20)
    chosen = parser.parse_args(arguments)
    print_machine(1)
    reached = True
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as name, PostgresServer() as server:
        for database, url in (("SQLite", f"sqlite:///{name}/headgate.db"), ("PostgreSQL", server.new_database())):
            directory = Path(name) / database
            directory.mkdir()
            own, base = asyncio.run(measure(url, directory, chosen.rate, chosen.seconds))
            rows += [row(f"{database}: webhook", own), row(f"{database}: empty route", base)]
            late = statistics.quantiles(own, n=100)[98]
            text = f"{database}: 99 of 100 webhooks are answered within {1000 * GOAL:.0f} ms ({1000 * late:.1f} ms)"
            kept = asyncio.run(count(url))
            reached &= late < GOAL and kept == len(own)
            rows[-2].append(f"{kept}")
            rows[-1].append("-")
            print_goal(text, late < GOAL)
            print_goal(f"{database}: each of them is in the journal ({kept})", kept == len(own))
    print()
    print_table(["", "requests", "median ms", "90 % ms", "99 % ms", "longest ms", "in the journal"], rows)
    return 0 if reached else 1
