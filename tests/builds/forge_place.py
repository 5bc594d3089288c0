"""A place for builds at a forge that is played: webhooks, catching up, and a cluster that is played too."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from headgate.builds.engine import BuildEngine, EngineSettings
from headgate.builds.forge.github import GitHubForge
from headgate.builds.forge.gitlab import GitLabForge
from headgate.builds.incoming.catch_up import CatchUp
from headgate.builds.incoming.intake import Intake
from headgate.config.builds import ForgeSettings
from headgate.events.journal import Journal
from headgate.events.sources.standings import Standing
from headgate.model.build import BuildJob
from headgate.store import builds
from headgate.store.builds import JobFilter
from headgate.store.store import Store
from headgate.testing.github import World
from headgate.testing.gitlab import FakeGitLab
from headgate.web.server import WebServer
from tests.builds.build_place import BuildPlace, settings_of
from tests.builds.made_up_cluster import USER, MadeUpCluster, run_on
from tests.web.test_forges import make_app_of


class ForgePlace:
    """A store, one forge, and everything between; one clock for all.

    ``forge_settings``: by its name, of the one forge that ``connect`` makes. ``time``: what passes there, passes here.
    ``more``: settings of builds.
    """

    def __init__(
        self,
        store: Store,
        directory: Path,
        forge_settings: Mapping[str, ForgeSettings],
        connect: Callable[[], GitHubForge | GitLabForge],
        time: World | FakeGitLab,
        **more: Any,
    ) -> None:
        self.store, self._time, self._clock = store, time, time.now
        jobs = directory / "jobs"
        jobs.mkdir()
        self.slurm = MadeUpCluster(jobs, clock=self._clock)
        settings = settings_of(jobs, directory / "mirrors", USER, **{"forges": forge_settings, **more})
        self.settings = settings
        [(name, own)] = forge_settings.items()
        self.forge = connect()
        shop = BuildPlace(store, directory, self.slurm.cluster(), settings, clock=self._clock).workshop()
        self.engine = BuildEngine(replace(shop, forges={name: self.forge}), EngineSettings(figures_wait=5.0))
        self.intake = Intake(store, Journal(), settings.forges)
        self.standing = Standing()
        self.catch_up = CatchUp(
            store,
            self.intake,
            self.forge,
            self.standing,
            interval=own.catch_up,
            sender=self.forge if isinstance(self.forge, GitHubForge) else None,
            clock=self._clock,
        )

    def tell_at(self, url: str) -> None:
        """Have the forge send its webhooks to a server of ours."""
        raise NotImplementedError

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Take webhooks, with a first look behind: from then on nothing is to be missed."""
        server = WebServer(make_app_of(self.intake), "127.0.0.1", 0)
        run = asyncio.create_task(server.run())
        self.tell_at(f"http://127.0.0.1:{server.port}")
        try:
            await self.look()
            await self.go()
            yield
        finally:
            server.stop()
            await run
            await self.forge.aclose()

    async def look(self) -> None:
        """Catch up once."""
        await self.catch_up.look()
        assert self.standing.problem == ""

    async def go(self, seconds: float = 0.0, rounds: int = 6) -> None:
        """Let time pass, and the engine do what there is to do."""
        self._time.advance(seconds)
        await run_on(self.engine, rounds=rounds)
        self._time.advance(1.5)  # an answer is written when it is known what came of its jobs
        await run_on(self.engine, rounds=2)

    async def through(self, number: int, **more: Any) -> None:
        """Have a job start and end, and its end be told of. ``more``: what it leaves."""
        await self.slurm.starts(self.store, number)
        await self.go()
        await self.slurm.ends(self.store, number, **more)
        await self.go()
        await self.go(6)
        await self.go(30)

    async def jobs(self) -> list[BuildJob]:
        """Return the jobs."""
        return await self.store.read(lambda c: builds.find_jobs(c, JobFilter(), limit=1000))
