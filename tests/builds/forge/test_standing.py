"""What the doctor of builds learns of a forge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from joserfc.jwk import RSAKey

from headgate.builds.forge.github import GitHubForge
from headgate.builds.forge.gitlab import GitLabForge
from headgate.config.builds import GitLabSettings
from headgate.model.finding import Finding
from headgate.testing.gitlab import FakeGitLab
from tests.builds.forge.conftest import Site

NEEDED = {"issues": "write", "pull_requests": "write", "members": "read"}


def wrong(found: list[Finding]) -> dict[str, str]:
    return {one.area: f"{one.what}: {one.advice}" for one in found if not one.good}


async def test_an_app_that_may_all_is_well(site: Site) -> None:
    found = await site.forge.examine(NEEDED)
    assert wrong(found) == {}
    assert [one.area for one in found] == ["key", "permissions", "events", "installation at site", "webhook"]


async def test_what_an_app_lacks_is_named(site: Site) -> None:
    site.server.world.permissions["pull_requests"] = "read"
    del site.server.world.permissions["members"]
    site.server.world.events = ["pull_request"]
    found = wrong(await site.forge.examine(NEEDED))
    assert found.keys() == {"permissions", "events"}
    assert "pull requests: write, members: read" in found["permissions"]
    assert "issue_comment" in found["events"]


async def test_an_account_that_has_not_accepted_a_permission_is_named(site: Site) -> None:
    site.server.world.install("other", {"issues": "write", "pull_requests": "write", "metadata": "read"})
    suspended = site.server.world.install("third")
    suspended.suspended = True
    found = wrong(await site.forge.examine(NEEDED))
    assert found.keys() == {"installation at other", "installation at third"}
    assert "members: read" in found["installation at other"]
    assert "an owner of other" in found["installation at other"]


async def test_an_app_that_is_installed_nowhere_is_told_so(site: Site) -> None:
    site.server.world.installations.clear()
    assert "installed nowhere" in wrong(await site.forge.examine(NEEDED))["installations"]


async def test_a_webhook_that_did_not_arrive_is_told(site: Site) -> None:
    site.server.webhook_url = "http://127.0.0.1:1/"
    await site.server.say(site.pull, "ada", "hello")
    assert "was answered with 502" in wrong(await site.forge.examine(NEEDED))["webhook"]
    site.server.world.deliveries[-1].status_code = 0
    assert "reached nobody" in wrong(await site.forge.examine(NEEDED))["webhook"]
    site.server.world.deliveries[-1].status_code = 202
    assert wrong(await site.forge.examine(NEEDED)) == {}


async def test_of_a_key_that_github_does_not_know_nothing_else_is_said(site: Site, tmp_path: Path) -> None:
    key = tmp_path / "other.pem"
    key.write_bytes(RSAKey.generate_key(2048).as_pem(private=True))
    forge = GitHubForge("main", site.settings.model_copy(update={"private_key": key}))
    try:
        found = await forge.examine(NEEDED)
    finally:
        await forge.aclose()
    assert [(one.area, one.good) for one in found] == [("key", False)]


async def test_a_gitlab_token_and_its_projects_are_tried() -> None:
    async with FakeGitLab() as server:
        server.add_request("group/software", 7)
        given = {"kind": "gitlab", "url": server.url, "token": server.token, "webhook_secret": "s"}
        lists: dict[str, Any] = {"projects": ("group/software", "group/none")}
        for more, lacking in (({}, set()), (lists, {"project group/none"}), ({"token": "wrong"}, {"token"})):
            forge = GitLabForge("lab", GitLabSettings.model_validate({**given, **more}))
            try:
                assert wrong(await forge.examine(NEEDED)).keys() == lacking
            finally:
                await forge.aclose()
