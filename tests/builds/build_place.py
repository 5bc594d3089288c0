"""A place for builds to run in: a store, a forge in memory, repositories on disk, and a cluster, made up or real."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headgate.builds.checkout.mirror import Mirrors
from headgate.builds.engine import BuildEngine, EngineSettings
from headgate.builds.jobs.place import BuildCluster
from headgate.builds.workshop import Repos, Workshop
from headgate.config.builds import BuildSettings
from headgate.config.repos_cfg import RepositoryConfig
from headgate.events.journal import Journal
from headgate.model.build import BuildJob, BuildRequest
from headgate.model.event import JSON, Event, EventKind, Source
from headgate.model.pull_request import Comment, PullRequest, PullRequestState, Repository
from headgate.store import builds
from headgate.store.builds import JobFilter
from headgate.store.store import Store
from tests.builds.memory_forge import MemoryForge
from tests.builds.origin import SCRIPTS, Origin

REPOSITORY = Repository("hub", "org/software")
PATIENCE = 60.0
TARGETS: dict[str, Any] = {
    "zen2": {"architecture": "x86_64/amd/zen2", "repositories": ["site.org-2026"], "slurm_options": ["--ntasks=1"]},
    "a64fx": {"architecture": "aarch64/a64fx", "repositories": ["site.org-2026", "other.org"]},
}


def settings_of(root: Path, mirrors: Path, user: str, **more: Any) -> BuildSettings:
    """Return settings for builds below a directory."""
    jobs = {"user": user, "directory": str(root), "mirrors": str(mirrors), "time": "00:10:00", **more.pop("jobs", {})}
    hub = {"kind": "github", "app_id": 1, "private_key": "/nowhere", "webhook_secret": "s"}
    given: dict[str, Any] = {
        "instance": "test-bot",
        "forges": {"hub": hub},
        "permissions": {"command": ["ada", "ben"], "build": ["ada"], "deploy": ["ada"], "cancel": []},
        "targets": TARGETS,
        "jobs": jobs,
        **more,
    }
    return BuildSettings.model_validate(given)


@dataclass
class BuildPlace:
    """Everything around an engine of builds."""

    store: Store
    directory: Path
    cluster: BuildCluster
    settings: BuildSettings
    forge: MemoryForge = field(default_factory=MemoryForge)
    clock: Callable[[], float] = time.time
    engine_settings: EngineSettings = field(default_factory=lambda: EngineSettings(poll=0.1, figures_wait=20.0))
    origins: dict[Repository, Origin] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    delivered: int = 0
    git: Path = Path("/usr/bin/git")
    further: dict[str, BuildCluster] = field(default_factory=dict)

    def workshop(self) -> Workshop:
        """Return what an engine works with."""
        repositories = {
            "site.org-2026": RepositoryConfig("site.org-2026", "site.org", "2026"),
            "other.org": RepositoryConfig("other.org"),
        }
        return Workshop(
            settings=self.settings,
            store=self.store,
            forges={"hub": self.forge},
            mirrors=Mirrors(self.settings.jobs.mirrors, timeout=60, git=self.git),
            cluster=self.cluster,
            clock=self.clock,
            repos=Repos(repositories, self.files),
            further=self.further,
        )

    def engine(self) -> BuildEngine:
        """Make an engine, as a process that begins does."""
        return BuildEngine(self.workshop(), self.engine_settings)

    def pull_request(
        self,
        number: int = 7,
        repository: Repository = REPOSITORY,
        files: dict[str, str] | None = None,
        author: str = "carol",
    ) -> str:
        """Open a pull request; return its head."""
        origin = self.origins.get(repository)
        if origin is None:
            origin = self.origins[repository] = Origin(self.directory / "origins" / repository.path, SCRIPTS)
        head = origin.pull_request(number, files or {"easystacks/new.yml": "new\n"})
        pull = PullRequest(repository, number, author, PullRequestState.OPEN, "main", origin.base, head)
        self.forge.add_pull(pull, origin.url)
        return head

    async def comment(
        self,
        body: str,
        *,
        by: str = "ada",
        number: int = 7,
        repository: Repository = REPOSITORY,
        at: float | None = None,
    ) -> Comment:
        """Have somebody write a comment, and have the journal know of it."""
        comment = self.forge.say(repository, number, by, body)
        when = comment.created_at if at is None else at
        data = {"comment_id": comment.id, "body": body, "created_at": when, "author": by, "url": comment.url}
        key = f"comment:{comment.id}"
        await self.event(EventKind.PULL_REQUEST_COMMENT, key, number, repository, sender=by, at=when, **data)
        return comment

    async def event(
        self,
        kind: EventKind,
        key: str,
        number: int = 7,
        repository: Repository = REPOSITORY,
        *,
        sender: str = "ada",
        at: float | None = None,
        **data: Any,
    ) -> None:
        """Write an event of a pull request."""
        self.delivered += 1
        where = f"{repository}#{number}"
        known: dict[str, JSON] = {
            "forge": repository.forge,
            "repository": repository.path,
            "number": number,
            "head": "",
            "state": "open",
            "sender": sender,
            "delivery": f"delivery-{self.delivered}",
        }
        fact = Event(
            f"pr:{where}:{key}",
            kind,
            time.time() if at is None else at,
            f"pull request {where}",
            Source.WEBHOOK,
            data={**known, **data},
        )
        await self.store.write(lambda connection: Journal().append(connection, [fact]))

    async def jobs(self, **wanted: Any) -> list[BuildJob]:
        """Return the jobs."""
        return await self.store.read(lambda c: builds.find_jobs(c, JobFilter(**wanted), limit=1000))

    async def requests(self) -> list[BuildRequest]:
        """Return the requests."""
        return await self.store.read(lambda c: builds.find_requests(c, 1000))

    def bodies(self, number: int = 7, repository: Repository = REPOSITORY) -> list[str]:
        """Return our comments."""
        return self.forge.bodies(repository, number)


async def until(holds: Callable[[], Any], patience: float = PATIENCE, told: Callable[[], object] = lambda: "") -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + patience
    while True:
        value = holds()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return
        assert time.monotonic() < deadline, f"it did not come to hold\n{told()}"
        await asyncio.sleep(0.1)
