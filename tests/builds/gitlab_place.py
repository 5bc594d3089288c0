"""A place for builds at the strict GitLab: webhooks, catching up, and a cluster that is made up."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from headgate.builds.forge.gitlab import GitLabForge
from headgate.config.builds import GitLabSettings
from headgate.store.store import Store
from headgate.testing.gitlab import FakeGitLab, MergeRequest, Note
from tests.builds.forge_place import ForgePlace
from tests.builds.origin import Origin

SOFTWARE, OTHER = "site/sub/software", "site/other"


class GitLabPlace(ForgePlace):
    """A store, GitLab with one merge request (!7) in each of two projects, and everything between.

    ``more``: settings of builds.
    """

    def __init__(self, store: Store, directory: Path, gitlab: FakeGitLab, **more: Any) -> None:
        self.gitlab, self._directory = gitlab, directory
        own = {"kind": "gitlab", "url": gitlab.url, "token": gitlab.token, "projects": (SOFTWARE, OTHER)}
        lab = GitLabSettings.model_validate({**own, "webhook_secret": gitlab.secret})
        forges = {"lab": lab}
        super().__init__(store, directory, forges, lambda: GitLabForge("lab", lab, clock=gitlab.now), gitlab, **more)
        self.origins: dict[str, Origin] = {}
        self.request = self._opened(SOFTWARE)
        self.other = self._opened(OTHER)

    def _opened(self, project: str) -> MergeRequest:
        """Make a project with a merge request; as one from a fork, its head is in none of the project's branches."""
        origin = self.origins[project] = Origin(self._directory / "origins" / project)
        self.gitlab.directories[project] = origin.bare
        head = origin.commit({"easystacks/new.yml": f"{project}\n"}, push="refs/keep-around/change", on=origin.base)
        return self.gitlab.add_request(project, 7, author="carol", sha=head, base=origin.base)

    def tell_at(self, url: str) -> None:
        """Have GitLab send its webhooks to a server of ours."""
        self.gitlab.webhook_url = f"{url}/gitlab/webhook"

    async def say(self, words: str, *, by: str = "ada", request: MergeRequest | None = None) -> Note:
        """Have a note written, told by a webhook if there is one, and everything be done about it."""
        where = request or self.request
        answered = await self.gitlab.say(where, by, words)
        assert answered == (202 if self.gitlab.webhook_url else 0)
        note = where.notes[-1]
        await self.go()
        return note

    def bodies(self, request: MergeRequest | None = None) -> list[str]:
        """Return our notes on a merge request."""
        return [one.body for one in (request or self.request).notes if one.author == self.gitlab.bot]


@contextlib.asynccontextmanager
async def at_gitlab(store: Store, directory: Path, **more: Any) -> AsyncIterator[GitLabPlace]:
    """Start everything. Nothing that is asked may be against GitLab's documentation."""
    async with FakeGitLab() as gitlab:
        place = GitLabPlace(store, directory, gitlab, **more)
        async with place.serving():
            yield place
        assert gitlab.faults == []
