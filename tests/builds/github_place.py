"""A place for builds at the strict GitHub: its webhooks are served, its App catches up; the cluster is made up."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from headgate.builds.engine import BuildEngine, EngineSettings
from headgate.builds.forge.github import GitHubForge
from headgate.builds.incoming.catch_up import CatchUp
from headgate.builds.incoming.intake import Intake
from headgate.config.builds import GitHubSettings
from headgate.events.journal import Journal
from headgate.events.sources.standings import Standing
from headgate.model.build import BuildJob
from headgate.store import builds
from headgate.store.builds import JobFilter
from headgate.store.store import Store
from headgate.testing.github import FakeGitHub
from headgate.web.server import WebServer
from tests.builds.build_place import BuildPlace, settings_of
from tests.builds.made_up_cluster import USER, MadeUpCluster, run_on
from tests.builds.origin import Origin
from tests.web.test_forges import make_app_of


class GitHubPlace:
    """A store, GitHub with one pull request (#7 of ``org/software``), and everything between; one clock for all.

    ``apps``: settings of the App; ``more``: of builds.
    """

    def __init__(
        self, store: Store, directory: Path, github: FakeGitHub, *, apps: dict[str, Any] | None = None, **more: Any
    ) -> None:
        self.store, self.github, self._clock = store, github, github.world.now
        key, jobs = directory / "app.pem", directory / "jobs"
        key.write_text(github.private_key)
        jobs.mkdir()
        own = {"kind": "github", "url": github.url, "app_id": github.app_id, "private_key": key, **(apps or {})}
        app = GitHubSettings.model_validate({**own, "webhook_secret": github.secret})
        self.slurm = MadeUpCluster(jobs, clock=self._clock)
        settings = settings_of(jobs, directory / "mirrors", USER, **{"forges": {"hub": app}, **more})
        self.settings = settings
        self.forge = GitHubForge("hub", app, clock=self._clock)
        shop = BuildPlace(store, directory, self.slurm.cluster(), settings, clock=self._clock).workshop()
        self.engine = BuildEngine(replace(shop, forges={"hub": self.forge}), EngineSettings(figures_wait=5.0))
        self.intake = Intake(store, Journal(), settings.forges)
        self.standing = Standing()
        self.catch_up = CatchUp(
            store,
            self.intake,
            self.forge,
            self.standing,
            interval=app.catch_up,
            sender=self.forge,
            clock=self._clock,
        )
        origin = Origin(directory / "origin")
        head = origin.pull_request(7, {"easystacks/new.yml": "new\n"})
        world = github.world
        self.installation = world.install("org")
        stored = world.add_repository("org/software", self.installation, directory=origin.bare)
        self.pull = world.add_pull_request(stored, author="carol", number=7, head=head, base=origin.base)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Take webhooks, with a first look behind: from then on nothing is to be missed."""
        server = WebServer(make_app_of(self.intake), "127.0.0.1", 0)
        run = asyncio.create_task(server.run())
        self.github.webhook_url = f"http://127.0.0.1:{server.port}/github/webhook"
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
        self.github.world.advance(seconds)
        await run_on(self.engine, rounds=rounds)
        self.github.world.advance(1.5)  # an answer is written when it is known what came of its jobs
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

    def bodies(self) -> list[str]:
        """Return our comments."""
        return [one.body for one in self.github.comments(self.pull)]

    def calls(self, since: int = 0) -> Counter[str]:
        """Return how many calls GitHub got, by what was asked; without the first ``since``."""
        return Counter(f"{call.method} {call.path}" for call in self.github.calls[since:])


@contextlib.asynccontextmanager
async def at_github(store: Store, directory: Path, modules: Path, **more: Any) -> AsyncIterator[GitHubPlace]:
    """Start everything. ``modules``: where GitHub's description is; nothing that is asked may be against it."""
    async with FakeGitHub(modules) as github:
        place = GitHubPlace(store, directory, github, **more)
        async with place.serving():
            yield place
        assert github.faults == []
