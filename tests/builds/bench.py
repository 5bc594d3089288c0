"""A bench for builds: a place, its engine, and a clock that a test moves on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from headgate.builds.engine import BuildEngine, EngineSettings
from headgate.model.build import BuildJob
from headgate.store import build_rows
from headgate.store.store import Store
from tests.builds.build_place import BuildPlace, settings_of
from tests.builds.made_up_cluster import MadeUpCluster, run_on

BUILD = "bot: build repo:site.org-2026 for:arch=x86_64/amd/zen2"


class Bench:
    """A place, its engine, and a clock that a test moves on."""

    def __init__(self, store: Store, directory: Path, **more: Any) -> None:
        root = directory / "jobs"
        root.mkdir()
        self.store = store
        self.late = 0.0
        self.slurm = MadeUpCluster(root, clock=lambda: time.time() + self.late)
        settings = settings_of(root, directory / "mirrors", "builder", **more)
        self.place = BuildPlace(
            store,
            directory,
            self.slurm.cluster(),
            settings,
            clock=lambda: time.time() + self.late,
            engine_settings=EngineSettings(figures_wait=5.0),
        )
        self.engine: BuildEngine = self.place.engine()

    async def go(self, seconds: float = 0.0, rounds: int = 6) -> None:
        """Move the clock on, and let the engine do what there is to do."""
        self.late += seconds
        await run_on(self.engine, rounds=rounds)
        self.late += 1.5  # an answer is written when it is known what came of its jobs: that is looked for each second
        await run_on(self.engine, rounds=2)

    def restart(self) -> None:
        """Begin anew, as after a crash."""
        self.engine = self.place.engine()

    async def statuses(self, number: int | None = None) -> list[str]:
        """Return the statuses of a job's rows."""
        [job] = [job for job in await self.place.jobs() if number in (None, job.job_id)]
        return [row.status for row in await self.store.read(lambda c: build_rows.of_job(c, job.id))]

    async def through(self, number: int, state: str = "COMPLETED", **more: Any) -> None:
        """Have a job start and end, and its end be told of."""
        await self.slurm.starts(self.store, number)
        await self.go()
        await self.slurm.ends(self.store, number, state, **more)
        await self.go()
        await self.go(6)
        await self.go(30)


def difference_of(job: BuildJob) -> str:
    """Return the difference that the jobs of the first run of a site were given."""
    [found] = Path(job.root).rglob("run_000/7.diff")
    return found.read_text()


def table(body: str) -> list[str]:
    """Return the statuses of the rows in a comment."""
    return [line.split("|")[2] for line in body.splitlines() if line.startswith("|") and " UTC " in line]
