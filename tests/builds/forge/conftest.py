"""A GitHub for these tests, and our App on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from headgate.builds.forge.github import GitHubForge
from headgate.config.builds import GitHubSettings
from headgate.model.pull_request import Repository as Named
from headgate.testing.github import FakeGitHub, PullRequest
from headgate.testing.github import Repository as Stored
from headgate.testing.github.description import FILE

MODULES = Path(__file__).resolve().parents[3] / ".counterparts"


def settings_of(server: FakeGitHub, directory: Path, **more: Any) -> GitHubSettings:
    """Return the settings of an App on this server."""
    key = directory / f"key-{server.app_id}.pem"
    key.write_text(server.private_key)
    given = {"url": server.url, "app_id": server.app_id, "private_key": key, "webhook_secret": server.secret}
    return GitHubSettings.model_validate({"kind": "github", **given, **more})


@dataclass
class Site:
    """A GitHub with one repository and one pull request, and what asks it."""

    server: FakeGitHub
    forge: GitHubForge
    stored: Stored
    pull: PullRequest
    repository: Named
    settings: GitHubSettings


@pytest.fixture
async def server() -> AsyncIterator[FakeGitHub]:
    if not (MODULES / FILE).exists():
        pytest.skip("@octokit/openapi is not in .counterparts")
    async with FakeGitHub(MODULES) as made:
        yield made
        assert made.faults == []


@pytest.fixture
async def site(server: FakeGitHub, tmp_path: Path) -> AsyncIterator[Site]:
    stored = server.world.add_repository("site/software", server.world.install("site"))
    pull = server.world.add_pull_request(stored, number=7, labels=["bot:deploy"], title="zlib")
    settings = settings_of(server, tmp_path)
    forge = GitHubForge("main", settings)
    yield Site(server, forge, stored, pull, Named("main", stored.path), settings)
    await forge.aclose()
