"""A store with jobs, their events and messages, as the watchers and the pipeline leave them; and what Slurm says."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, update

from headgate.model.capacity import Capacity
from headgate.model.delivery import DeliveryState, Reason
from headgate.model.event import JSON, Event, EventKind, Source
from headgate.model.job import ArrayPlace, Attempt, ExitStatus, Figures
from headgate.model.states import JobState
from headgate.store import capacities, deliveries, jobs, journal
from headgate.store import tables as t
from headgate.store.deliveries import NewDelivery
from headgate.store.jobs import StoredJob
from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm
from tests.web.pages.pages_place import PagesPlace, pages_place

CLUSTER: Final = "alpha"
HOSTILE: Final = "<script>alert(1)</script>\x1b[31m"
RUNS, WAITS, FAILED, OTHER, ARRAY = 101, 102, 103, 201, 300
"""uma's job that runs, that waits, that failed; somebody else's; uma's array."""
GIB: Final = 1024**3


def stored(
    number: int,
    state: str,
    *,
    user: str = "uma",
    name: str = "train",
    array: int | None = None,
    label: str = "",
    submitted: int = 0,
    **more: JSON,
) -> StoredJob:
    """Return what the watcher keeps of a job."""
    data: dict[str, JSON] = {"label": label or str(number), "name": name, "user": user, "account": "physics"}
    data |= {"partition": "batch", "state": state, "begun": state != "PENDING", "reason": "", **more}
    is_open = state in ("PENDING", "RUNNING", "SUSPENDED")
    return StoredJob(Attempt(CLUSTER, number, submitted or int(time.time()) - 4000), is_open, data, array)


def event(kind: EventKind, job: StoredJob, ago: float, **data: JSON) -> Event:
    """Return an event about a job, so many seconds ago."""
    about = {**job.data, **data}
    return Event(
        f"{kind.value}/{job.attempt.key}", kind, time.time() - ago, f"job {job.data['label']}", Source.WATCHER,
        CLUSTER, job.attempt.job_id, job.array_id, str(job.data["user"]), about,
    )  # fmt: skip


def figures(job: StoredJob, state: JobState, **changed: Any) -> Figures:
    """Return what accounting says of a job that used little of what it asked for."""
    started = float(job.attempt.submitted + 60)
    given: dict[str, Any] = {
        "attempt": job.attempt, "label": str(job.data["label"]), "name": str(job.data["name"]),
        "user": str(job.data["user"]), "account": "physics", "partition": "batch", "qos": "normal", "state": state,
        "cancelled_by": None, "exit": ExitStatus(1 if state.failed else 0), "started": started,
        "ended": started + 3600 if state.terminal else None, "elapsed": 3600, "time_limit": 14400, "nodes": "n1",
        "node_count": 1, "cpus": 8, "cpu_used": 7200.0, "memory_asked": 64 * GIB, "memory_used": 4 * GIB,
        "tres": {"gres/gpu": 2}, "work_dir": "/home/uma/run", "steps": 1, "complete": state.terminal,
    }  # fmt: skip
    return Figures(**{**given, **changed})


def tasks() -> list[StoredJob]:
    """Return uma's array: four tasks that are done, one that failed, one that runs, and those that wait."""
    states = ["COMPLETED"] * 4 + ["FAILED", "RUNNING"]
    made = [
        stored(ARRAY + 1 + place, state, array=ARRAY, label=f"{ARRAY}_{place}", name="sweep")
        for place, state in enumerate(states)
    ]
    return [*made, stored(ARRAY, "PENDING", array=ARRAY, label=f"{ARRAY}_*", name="sweep")]


def fill(connection: Connection) -> None:
    """Write all of it."""
    now = time.time()
    runs, waits = stored(RUNS, "RUNNING", name=HOSTILE), stored(WAITS, "PENDING", reason="Resources")
    failed, other = stored(FAILED, "FAILED"), stored(OTHER, "COMPLETED", user="bob", name="cfd")
    jobs.keep(connection, [runs, waits, failed, other, *tasks()], now)
    facts = [
        *(event(EventKind.JOB_SUBMITTED, one, 4000) for one in (runs, waits, failed, other)),
        event(EventKind.JOB_STARTED, runs, 3940, nodes="n[1-2]"),
        event(EventKind.JOB_STARTED, failed, 3940, nodes="n1"),
        event(EventKind.JOB_ENDED, failed, 340, state="FAILED", exit_code=1, signal=0, reason=HOSTILE),
        event(EventKind.JOB_ENDED, other, 300, state="COMPLETED", exit_code=0, signal=0),
        Event("n", EventKind.NODE_DOWN, now - 60, "node n7", Source.WATCHER, CLUSTER),
    ]
    numbers = journal.append(connection, facts)
    ended = numbers[facts[6].key]
    message = '{"title": "Job 103 failed <b>", "outcome": "failed", "time": 1.0}'
    owed = [
        NewDelivery(ended, "d1", "mailto", "uma@example.org", "l1", message),
        NewDelivery(ended, "d2", "mailto", "boss@example.org", "l2", message),
        NewDelivery(numbers[facts[7].key], "d3", "mailto", "bob@example.org", "l3", message),
    ]
    deliveries.owe(connection, owed, now - 330)
    c = t.deliveries.c
    sent = {"state": DeliveryState.DELIVERED.value, "finished_at": now - 320}
    dead = {"state": DeliveryState.DEAD.value, "reason": Reason.UNREACHABLE.value, "detail": "no such host"}
    connection.execute(update(t.deliveries).where(c.key == "d1").values(**sent))
    connection.execute(update(t.deliveries).where(c.key == "d2").values(**dead, finished_at=now - 310, attempts=3))
    seen = Capacity(
        now, {"allocated": 6, "mixed": 2, "idle": 3, "drained": 1, "down": 1}, 384, 250, 4096 * GIB, 2048 * GIB, 16, 9
    )
    capacities.keep(connection, CLUSTER, seen)


def fake_slurm(directory: Path) -> FakeSlurm:
    """Return Slurm's commands, which know uma's jobs in accounting, and nothing in the queue."""
    fake = FakeSlurm(directory / "slurm", cluster=CLUSTER)
    whole = [
        figures(one, JobState[str(one.data["state"])], array=ArrayPlace(ARRAY, place))
        for place, one in enumerate(tasks()[:5])
    ]
    failed, runs = stored(FAILED, "FAILED"), stored(RUNS, "RUNNING")
    fake.has_accounts([figures(failed, JobState.FAILED), figures(runs, JobState.RUNNING, ended=None), *whole])
    fake.has_queue([])
    return fake


@asynccontextmanager
async def jobs_place(
    store: Store, directory: Path, fake: FakeSlurm | None = None, **tables: dict[str, Any]
) -> AsyncIterator[PagesPlace]:
    """Make the pages over a store with jobs."""
    fake = fake or fake_slurm(directory)
    await store.write(fill)
    slurm = {"bin": str(fake.bin), "cluster": CLUSTER}
    async with pages_place(store, directory, slurm=slurm, **tables) as place:
        place.site.accounts.patience = place.site.records.patience = 60.0  # a busy machine is not what is tried
        yield place
