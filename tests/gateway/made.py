"""Apps, submissions and events for tests that need no cluster."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import Connection

from headgate.model.app import App, AppRules
from headgate.model.event import Event, EventKind, Source
from headgate.model.submission import Phase, Submission
from headgate.store import apps, submissions
from headgate.store.store import Store
from headgate.store.submissions import Repeat

APP = App("00000000-0000-0000-0000-000000000001", "portal", AppRules(any_user=True), 1000.0)
CLUSTER = "dev"
NOW = 1_700_000_000.0
_numbers = itertools.count(1)


def submission(user: str = "ada", **more: Any) -> Submission:
    number = next(_numbers)
    values: dict[str, Any] = {
        "number": 0,
        "id": f"10000000-0000-0000-0000-{number:012d}",
        "app_id": APP.id,
        "user": user,
        "name": "batch.sh",
        "cluster": CLUSTER,
        "root": f"/home/{user}",
        "path": f"headgate/portal/{number}",
        "request": {"output": "slurm-%j.out", "options": {}},
        "phase": Phase.CREATED,
        "run": 0,
        "created_at": NOW,
    }
    return Submission(**{**values, **more})


async def kept(store: Store, new: Submission, repeat: Repeat | None = None) -> Submission:
    """Write a submission, and its app if it is not there; return it as it is kept."""

    def work(connection: Connection) -> Submission:
        apps.add(connection, APP)
        assert submissions.add(connection, new, repeat)
        found = submissions.get(connection, new.app_id, new.id)
        assert found is not None
        return found

    return await store.write(work)


async def begun(store: Store, new: Submission, job_id: int | None = None, at: float = NOW) -> Submission:
    """The same, started; with a Slurm job if one is named."""
    own = await kept(store, new)

    def work(connection: Connection) -> Submission:
        started = submissions.begin(connection, own, at)
        assert started is not None
        if job_id is not None:
            started = submissions.submitted(connection, started, job_id)
        assert started is not None
        return started

    return await store.write(work)


async def now(store: Store, own: Submission) -> Submission:
    """A submission as it is kept now."""
    found = await store.read(lambda c: submissions.get(c, own.app_id, own.id))
    assert found is not None
    return found


def event(kind: EventKind, job_id: int, at: float = NOW + 10, user: str = "ada", **data: Any) -> Event:
    array_id = data.pop("array_id", None)
    return Event(
        key=f"{kind}/{job_id}/{at}",
        kind=kind,
        time=at,
        subject=f"job {job_id}",
        source=Source.WATCHER,
        cluster=CLUSTER,
        job_id=job_id,
        array_id=array_id,
        user=user,
        data={"submitted": int(at), **data},
    )
