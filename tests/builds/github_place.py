"""A place for builds at the strict GitHub: its webhooks are served, its App catches up; the cluster is made up."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from headgate.builds.forge.github import GitHubForge
from headgate.config.builds import GitHubSettings
from headgate.store.store import Store
from headgate.testing.github import FakeGitHub
from tests.builds.forge_place import ForgePlace
from tests.builds.origin import Origin


class GitHubPlace(ForgePlace):
    """A store, GitHub with one pull request (#7 of ``org/software``), and everything between; one clock for all.

    ``apps``: settings of the App; ``more``: of builds.
    """

    def __init__(
        self, store: Store, directory: Path, github: FakeGitHub, *, apps: dict[str, Any] | None = None, **more: Any
    ) -> None:
        self.github, world, key = github, github.world, directory / "app.pem"
        key.write_text(github.private_key)
        own = {"kind": "github", "url": github.url, "app_id": github.app_id, "private_key": key, **(apps or {})}
        app = GitHubSettings.model_validate({**own, "webhook_secret": github.secret})
        forges = {"hub": app}
        super().__init__(store, directory, forges, lambda: GitHubForge("hub", app, clock=world.now), world, **more)
        origin = Origin(directory / "origin")
        head = origin.pull_request(7, {"easystacks/new.yml": "new\n"})
        self.installation = world.install("org")
        stored = world.add_repository("org/software", self.installation, directory=origin.bare)
        self.pull = world.add_pull_request(stored, author="carol", number=7, head=head, base=origin.base)

    def tell_at(self, url: str) -> None:
        """Have GitHub send its webhooks to a server of ours."""
        self.github.webhook_url = f"{url}/github/webhook"

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
