"""The engine ends at every write to the store: each job is submitted once, and every row written once."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from headgate.builds.engine import EngineSettings
from headgate.builds.forge.interface import ForgeError
from headgate.model.build import JobPhase
from headgate.store.migrate import migrate
from headgate.store.store import Store
from tests.builds.build_place import REPOSITORY, BuildPlace, settings_of
from tests.builds.made_up_cluster import MadeUpCluster
from tests.builds.memory_forge import MemoryForge
from tests.builds.origin import Origin

pytestmark = pytest.mark.slow

T = TypeVar("T")
BUILD = "bot: build all confirmed repo:site.org-2026"
EXPECTED = ["submitted", "released", "running", "finished", "test result"]


class KilledError(BaseException):
    """The process is gone."""


class DyingStore(Store):
    """Ends the engine at one of its writes: before it is done, or (``after``) when it is done and nobody knows."""

    dies_at = 0
    after = False
    writes = 0
    dead = False

    async def write(self, work: Callable[[Connection], T], *, found_again: bool = False) -> T:
        if self.dead:
            raise KilledError
        self.writes += 1
        if self.writes != self.dies_at:
            return await super().write(work, found_again=found_again)
        self.dead = True
        if self.after:
            await super().write(work, found_again=found_again)
        raise KilledError

    async def read(self, work: Callable[[Connection], T]) -> T:
        if self.dead:
            raise KilledError
        return await super().read(work)


class World:
    """Slurm, the forge and what is on disk: all that outlives the engine."""

    def __init__(self, directory: Path, prepared: Path, origin: Origin) -> None:
        directory.mkdir()
        shutil.copy(prepared, directory / "headgate.db")
        self.store = DyingStore(f"sqlite:///{directory}/headgate.db")
        self.outside = Store(f"sqlite:///{directory}/headgate.db")
        self.late = 0.0
        root = directory / "jobs"
        root.mkdir()
        self.slurm = MadeUpCluster(root, clock=self.clock)
        self.place = BuildPlace(
            self.store,
            directory,
            self.slurm.cluster(),
            settings_of(root, directory.parent / "mirrors", "builder"),
            clock=self.clock,
            engine_settings=EngineSettings(figures_wait=2.0, lost_after=30.0),
            origins={REPOSITORY: origin},
        )

    def clock(self) -> float:
        return time.time() + self.late

    async def begin(self) -> None:
        self.place.pull_request()
        await self.place.comment(BUILD)

    async def play(self) -> None:
        """Let Slurm do what it does with jobs that may run."""
        for job in list(self.slurm.jobs.values()):
            if job.state == "PENDING" and not job.held:
                await self.slurm.starts(self.outside, job.number)
            elif job.state == "RUNNING":
                await self.slurm.ends(self.outside, job.number)

    async def live(self) -> bool:
        """Run one engine until all is done, or until it ends; say whether all was done."""
        engine = self.place.engine()
        try:
            for _ in range(400):
                more = await engine.turn()
                await engine._under_way.settle()
                if more:
                    continue
                if await self._all_done():
                    return True
                await self.play()
                self.late += 3
            raise AssertionError(f"it never comes to an end: {await self.place.jobs()} {await self.place.requests()}")
        except KilledError:
            return False
        finally:
            await engine._under_way.cancel()

    async def _all_done(self) -> bool:
        jobs, requests = await self.place.jobs(), await self.place.requests()
        told = self.place.bodies()
        return (
            bool(jobs)
            and all(job.phase is JobPhase.DONE for job in jobs)
            and all(one.state.value == "done" for one in requests)
            and sum("|test result|" in body for body in told) == len(jobs)
        )

    async def close(self) -> None:
        """Close the stores."""
        await asyncio.to_thread(self.store.close)
        await asyncio.to_thread(self.outside.close)

    def check(self) -> None:
        """Check that all was done, and nothing twice."""
        directories = [str(job.directory) for job in self.slurm.jobs.values()]
        assert len(directories) == len(set(directories)) == 2, directories
        bodies = self.place.bodies()
        answers = [body for body in bodies if "received bot command" in body]
        tables = [body for body in bodies if body.startswith("New job")]
        assert (len(bodies), len(answers), len(tables)) == (3, 1, 2)
        for body in tables:
            assert [line.split("|")[2] for line in body.splitlines() if " UTC " in line] == EXPECTED
        assert answers[0].count("submitted job `") == 2


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A store with tables, to be copied."""
    store = Store(f"sqlite:///{tmp_path}/prepared.db")
    migrate(store)
    store.close()
    return tmp_path / "prepared.db"


async def _lived(world: World, dies_at: int, *, after: bool) -> bool:
    """Let an engine live, and a second one after it; say whether the first one was killed."""
    world.store.dies_at = 0
    await world.begin()
    world.store.writes, world.store.dies_at, world.store.after = 0, dies_at, after
    done = await world.live()
    if not done:
        world.store.dead, world.store.dies_at = False, 0
        assert await world.live()
    world.check()
    await world.close()
    return not done


@pytest.mark.parametrize("after", [False, True], ids=["before it is kept", "when it is kept"])
async def test_ended_at_any_write_each_job_is_submitted_once_and_each_row_written_once(
    prepared: Path, tmp_path: Path, *, after: bool
) -> None:
    origin = Origin(tmp_path / "origin")
    dies_at = 1
    while await _lived(World(tmp_path / f"world{dies_at}", prepared, origin), dies_at, after=after):
        shutil.rmtree(tmp_path / f"world{dies_at}")
        dies_at += 1
    assert dies_at > 30, "there are fewer writes than there must be"


class SeveredForge(MemoryForge):
    """Ends the engine at one of its calls, when the call was done."""

    dies_at = 0
    counted = 0
    store: DyingStore

    def _lost(self) -> None:
        self.counted += 1
        if self.counted == self.dies_at:
            self.store.dead = True
            raise ForgeError("the process is gone")


async def test_ended_behind_any_write_to_the_forge_nothing_is_said_twice(prepared: Path, tmp_path: Path) -> None:
    origin = Origin(tmp_path / "origin")
    for dies_at in range(1, 100):
        world = World(tmp_path / f"world{dies_at}", prepared, origin)
        forge = SeveredForge()
        forge.store, forge.dies_at, world.place.forge = world.store, dies_at, forge
        await world.begin()
        killed = not await world.live()
        if killed:
            world.store.dead = False
            assert await world.live()
        world.check()
        await world.close()
        shutil.rmtree(tmp_path / f"world{dies_at}")
        if not killed:
            assert dies_at > 8
            return
    raise AssertionError("it is killed for ever")
