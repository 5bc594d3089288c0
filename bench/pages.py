"""Server time and size of every page over a store with 10,000 jobs, beside a bare route with an empty template.

The store is filled by the store's own functions; the pages are asked through ASGI, without a network and without
Slurm. What accounting says of a job is kept by the pages after the first time, which is not measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from sqlalchemy import Connection, update

from bench import sample
from bench.report import Spread, print_goal, print_machine, print_table
from headgate.model.capacity import Capacity
from headgate.model.delivery import DeliveryState, Reason
from headgate.model.event import JSON, Event, EventKind, Source
from headgate.model.execution import ExecutionState
from headgate.model.job import Attempt
from headgate.service.wiring import load_settings, make_running
from headgate.store import audit, capacities, deliveries, executions, jobs, journal, nodes, sessions
from headgate.store import tables as t
from headgate.store.deliveries import NewDelivery
from headgate.store.executions import NewExecution
from headgate.store.jobs import StoredJob
from headgate.store.migrate import migrate
from headgate.store.nodes import StoredNode
from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm
from headgate.web.pages.application import make_pages
from headgate.web.pages.visitor import cookie_name
from tests.web.pages.builds.seeded import seed

PAGES: Final = (
    ("", "overview"),
    ("jobs", "jobs"),
    ("jobs?state=failed&changed=day", "jobs that failed"),
    ("jobs?sort=name&page=20", "jobs by name, page 20"),
    ("jobs?q=cfd", "jobs called cfd"),
    ("jobs?q=5000", "the job with a number"),
    (f"jobs/{sample.CLUSTER}/5000", "a job"),
    (f"jobs/{sample.CLUSTER}/array/900000", "an array of 1,000 tasks"),
    ("nodes", "1,000 nodes"),
    (f"nodes/{sample.CLUSTER}/n0001", "a node"),
    ("notifications", "deliveries"),
    ("notifications?state=dead", "dead deliveries"),
    ("notifications/7", "a delivery"),
    ("notifications/connectors", "connectors"),
    ("notifications/preview", "preview of messages"),
    ("me", "me"),
    ("automation", "automation"),
    ("automation/executions", "1,000 executions"),
    ("builds", "builds, 200 runs"),
    ("builds/runs/7", "a run"),
    ("administration", "administration"),
    ("administration/roles", "roles"),
    ("administration/configuration", "configuration"),
    ("administration/audit", "audit log"),
    ("administration/apps", "apps"),
)
"""Paths below ``/ui/``, and what each is. A page that is not here is not measured: add yours.

Not here is what asks others: the doctor's page, that of reservations, and output, which the executor reads.
"""
JOBS, NODES, EVENTS, DELIVERIES = 10_000, 1_000, 50_000, 20_000
EXECUTIONS, ENTRIES, RUNS = 1_000, 5_000, 200
GOAL_SECONDS: Final = 0.1
GOAL_BYTES: Final = 150_000
_ARRAY: Final = 900_000
_TASKS: Final = 1_000
_DEAD: Final = 200
_READY: Final = 300


@dataclass(frozen=True, slots=True)
class Measured:
    """One page: its server time and the CPU time of it in milliseconds, and its bytes."""

    wall: Spread
    cpu: Spread
    size: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a page is too slow or too large."""
    parser = argparse.ArgumentParser(prog="./dev bench pages", description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="how often each page is asked for")
    chosen = parser.parse_args(arguments)
    print_machine(chosen.runs)
    with tempfile.TemporaryDirectory(prefix="headgate-bench-", dir="/var/tmp") as directory:
        baseline, measured = asyncio.run(measure(Path(directory), chosen.runs))
    rows = [
        [words, f"/ui/{path}", one.wall.text(",.1f", " ms"), one.cpu.text(",.1f", " ms"), f"{one.size / 1000:,.1f} kB"]
        for (path, words), one in zip(PAGES, measured, strict=True)
    ]
    rows.append(
        [
            "baseline: a bare route",
            "",
            baseline.wall.text(",.1f", " ms"),
            baseline.cpu.text(",.1f", " ms"),
            f"{baseline.size / 1000:,.1f} kB",
        ]
    )
    print_table(["", "path", "server time", "CPU time", "size"], rows)
    print()
    for (path, words), one in zip(PAGES, measured, strict=True):
        if one.wall.median >= GOAL_SECONDS * 1000:
            print(
                f"too slow:  /ui/{path} ({words}), {one.wall.median:,.1f} ms, of them {one.cpu.median:,.1f} ms of CPU"
            )
        if one.size >= GOAL_BYTES:
            print(f"too large: /ui/{path} ({words}), {one.size / 1000:,.1f} kB")
    worst = max(one.wall.median for one in measured) / 1000
    largest = max(one.size for one in measured)
    quick = print_goal(f"every page under {GOAL_SECONDS * 1000:.0f} ms of server time (median)", worst < GOAL_SECONDS)
    small = print_goal(f"every page under {GOAL_BYTES / 1000:.0f} kB", largest < GOAL_BYTES)
    return 0 if quick and small else 1


async def measure(directory: Path, runs: int) -> tuple[Measured, list[Measured]]:
    """Fill a store and ask for every page; return the baseline and the pages."""
    url = f"sqlite:///{directory}/headgate.db"
    store = Store(url)
    await asyncio.to_thread(migrate, store)
    await store.write(fill)
    for run in range(1, RUNS + 1):
        await seed(store, name=str(run), number=run)
    fake = FakeSlurm(directory / "slurm", cluster=sample.CLUSTER)
    fake.has_accounts(sample.figures(number) for number in (5000,))
    fake.has_queue([])
    config = directory / "headgate.toml"
    config.write_text(
        f'[store]\nurl = "{url}"\n[spool]\npath = "{directory}"\n[local]\nsocket = "off"\n[executor]\nsocket = "off"\n'
        f'[slurm]\nbin = "{fake.bin}"\ncluster = "{sample.CLUSTER}"\n[roles.admin]\nusers = ["anna"]\n'
        '[connectors.mailto]\nhost = "127.0.0.1"\nport = 1\nfrom_address = "a@example.org"\ndomain = "example.org"\n'
    )
    config.chmod(0o600)
    running = make_running(load_settings(config), store)
    try:
        assert running.site is not None
        secret = await store.write(lambda c: sessions.begin(c, "anna", way="bench", now=time.time(), lifetime=3600.0))
        cookies = {cookie_name(running.site): secret}
        bare = await ask(_bare(), ["/"], runs, {})
        paths = [f"/ui/{path}" for path, _ in PAGES]
        return bare[0], await ask(make_pages(lambda: running.site), paths, runs, cookies)
    finally:
        await running.close()
        store.close()


async def ask(app: FastAPI, paths: Sequence[str], runs: int, cookies: dict[str, str]) -> list[Measured]:
    """Ask for pages, each once before it is measured."""
    transport = httpx2.ASGITransport(app=app)
    measured = []
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench", cookies=cookies) as client:
        for path in paths:
            answer = await client.get(path)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
            wall, cpu = [], []
            for _ in range(runs):
                begun, busy = time.perf_counter(), time.process_time()
                await client.get(path)
                wall.append((time.perf_counter() - begun) * 1000)
                cpu.append((time.process_time() - busy) * 1000)
            measured.append(Measured(Spread.of(wall), Spread.of(cpu), len(answer.content)))
    return measured


def _bare() -> FastAPI:
    app = FastAPI()
    template = Environment(autoescape=True).from_string("")

    @app.get("/")
    async def nothing() -> HTMLResponse:
        return HTMLResponse(template.render())

    return app


def fill(connection: Connection) -> None:
    """Write jobs, nodes, events and deliveries."""
    now = time.time()
    kept = list(_jobs(int(now)))
    for start in range(0, len(kept), 1000):
        jobs.keep(connection, kept[start : start + 1000], now - 1800 if start % 2000 else now - 86400)
    nodes.keep(connection, [StoredNode(sample.CLUSTER, f"n{one:04}", _node(one)) for one in range(NODES)], now)
    states = {"allocated": 600, "mixed": 200, "idle": 150, "down": 50}
    capacities.keep(connection, sample.CLUSTER, Capacity(now, states, 128_000, 96_000, 2**52, 2**51, 400, 320))
    written: dict[str, int] = {}
    facts = list(_events(now))
    for start in range(0, len(facts), 1000):
        written |= journal.append(connection, facts[start : start + 1000])
    numbers = sorted(written.values())
    _deliver(connection, numbers, now)
    for one in range(EXECUTIONS):
        made = NewExecution(
            f"x{one}", "pack.rule", numbers[one], f"node n{one:04}", "", ExecutionState.DONE,
            now, "", "{}", {}, "operator",
        )  # fmt: skip
        executions.add(connection, made, now - one)
    for one in range(ENTRIES):
        audit.record(
            connection, user=sample.user_of(one), via="api portal", action="create job", outcome="done",
            subject=f"job {one}", now=now - one,
        )  # fmt: skip


def _jobs(now: int) -> Iterator[StoredJob]:
    for number in range(1, JOBS - _TASKS + 1):
        about = sample.figures(number)
        state = ("PENDING", "RUNNING", "RUNNING", about.state.text)[min(number % 7, 3)]
        data: dict[str, JSON] = {"label": str(number), "name": about.name, "user": about.user, "account": about.account}
        data |= {"partition": f"p{number % 8}", "state": state, "begun": state != "PENDING", "reason": ""}
        ended = state in ("COMPLETED", "FAILED")
        submitted = about.attempt.submitted if number == 5000 else now - number * 9
        yield StoredJob(Attempt(sample.CLUSTER, number, submitted), not ended, data)
    for task in range(_TASKS):
        state = "RUNNING" if task < 100 else "FAILED" if task % 50 == 0 else "COMPLETED"
        data = {"label": f"{_ARRAY}_{task}", "name": "sweep", "user": "anna", "account": "physics"}
        data |= {"partition": "p1", "state": state, "begun": True, "reason": ""}
        yield StoredJob(Attempt(sample.CLUSTER, _ARRAY + task, now - 600), state == "RUNNING", data, _ARRAY)


def _node(number: int) -> dict[str, JSON]:
    state = ("ALLOCATED", "MIXED", "IDLE", "IDLE+DRAIN", "DOWN")[min(number % 20, 4)]
    return {
        "state": state, "reason": "disk" if number % 20 > 2 else "", "reason_user": "root", "reason_time": 1.0,
        "boot_time": 1.0, "slurmd_start_time": 1.0, "last_busy_time": 1.0, "partitions": ["p1"], "reservation": "",
        "silent_since": None, "told_silent": False, "told": [],
    }  # fmt: skip


def _events(now: float) -> Iterator[Event]:
    kinds = (EventKind.JOB_SUBMITTED, EventKind.JOB_STARTED, EventKind.JOB_ENDED, EventKind.JOB_REQUEUED)
    for number in range(EVENTS):
        if number % 10 == 9:
            kind = (EventKind.NODE_DOWN, EventKind.NODE_UP)[number % 2]
            subject = f"node n{number % NODES:04}"
            yield Event(f"e{number}", kind, now - number, subject, Source.WATCHER, sample.CLUSTER)
            continue
        job = number % JOBS + 1
        about = sample.figures(job)
        data: dict[str, JSON] = {
            "label": str(job),
            "name": about.name,
            "state": about.state.text,
            "exit_code": 0,
            "nodes": "n[1-4]",
        }
        yield Event(
            f"e{number}", kinds[number // JOBS % 4], about.ended or now, f"job {job}", Source.WATCHER, sample.CLUSTER,
            job, None, about.user, data,
        )  # fmt: skip


def _deliver(connection: Connection, numbers: Sequence[int], now: float) -> None:
    message = sample.message(7).model_dump_json()
    for start in range(0, DELIVERIES, 1000):
        owed = [
            NewDelivery(numbers[one], f"d{one}", "mailto", f"user{one % 1000}@example.org", f"lane {one}", message)
            for one in range(start, start + 1000)
        ]
        deliveries.owe(connection, owed, now - 3600)
    c = t.deliveries.c
    done = {"state": DeliveryState.DELIVERED.value, "finished_at": now - 1800}
    connection.execute(update(t.deliveries).where(c.id > _READY).values(**done))
    dead = {"state": DeliveryState.DEAD.value, "reason": Reason.TIMEOUT.value, "finished_at": now - 600}
    connection.execute(update(t.deliveries).where(c.id > DELIVERIES - _DEAD).values(**dead, detail=json.dumps("gone")))


if __name__ == "__main__":
    sys.exit(main())
