"""Builds in the store, in many states."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from headgate.builds.texts.outcome import details
from headgate.builds.texts.rows import Row
from headgate.events.journal import Journal
from headgate.model.build import BuildRun, JobPhase
from headgate.model.event import JSON, Event, EventKind, Source
from headgate.store import build_rows, builds
from headgate.store.store import Store
from tests.store.test_builds import JOB, REQUEST, RUN

HOSTILE = "<script>alert(1)</script> & <b>x</b> | `y`"


@dataclass(frozen=True, slots=True)
class Seeded:
    """The run that was added, and the number of its event."""

    run: BuildRun
    event: int


async def seed(store: Store, *, name: str = "1", number: int = 7) -> Seeded:
    """Write a run of four jobs: one that failed, one that runs, one that succeeded, one that was refused."""
    path = f"2026.11/org/a/pr_{number}/event_{name}/run_000"
    data: dict[str, JSON] = {"forge": "hub", "repository": "org/a", "number": number, "comment_id": 5, "body": "x"}
    fact = Event(f"pr {name}", EventKind.PULL_REQUEST_COMMENT, 1e9, "pull request", Source.WEBHOOK, data=data)
    made: list[tuple[str, dict[str, Any]]] = [
        ("a64fx", {"phase": JobPhase.DONE, "result": {"status": "FAILURE"}, "state": "FAILED"}),
        ("icelake", {"phase": JobPhase.RUNNING, "state": "RUNNING"}),
        ("zen2", {"phase": JobPhase.DONE, "result": {"status": "SUCCESS", "artefacts": ["a.tar.gz"]}}),
        ("zen4", {"phase": JobPhase.REFUSED, "problem": f"sbatch: error: {HOSTILE}"}),
    ]
    jobs = [
        replace(
            JOB, target=target, number=number, for_architecture=f"arch/{target}", path=f"{path}/{target}",
            job_id=None if target == "zen4" else 4711 + place, comment_url="javascript:alert(1)", **more,
        )
        for place, (target, more) in enumerate(made)
    ]  # fmt: skip

    def work(connection: Connection) -> Seeded:
        event = next(iter(Journal().append(connection, [fact]).values()))
        asked = builds.add_request(connection, replace(REQUEST, key=f"k {name}", event_id=event, number=number))
        run = replace(RUN, key=f"r {name}", request_id=asked or 0, path=path, number=number)
        kept = builds.add_run(connection, run, jobs)
        assert kept is not None
        failed = builds.find_jobs(connection, builds.JobFilter(run_id=kept.id), limit=1000)[0]
        log = details("last lines of the log", ["make: *** Error 2", HOSTILE])
        text = f":cry: FAILURE<br/>Slurm: **FAILED** (exit code 1){log}"
        build_rows.add(connection, failed.id, "running", Row(1e9, "running", "job `4711` is running"))
        build_rows.add(connection, failed.id, "finished", Row(1e9 + 60, "finished", text))
        return Seeded(kept, event)

    return await store.write(work)
