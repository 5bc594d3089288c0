"""GitLab behind the same interface, on the wire of a fake that refuses what GitLab's documentation does not name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from headgate.builds.forge.gitlab import GitLabForge
from headgate.builds.forge.interface import CommitState, ForbiddenError, ForgeError, GoneError
from headgate.builds.incoming.catch_up import CatchUp
from headgate.builds.incoming.intake import Intake
from headgate.config.builds import GitLabSettings
from headgate.events.journal import Journal
from headgate.events.sources.standings import Standing
from headgate.model.pull_request import PullRequestState, Reaction, Repository
from headgate.store import journal
from headgate.store.journal import EventFilter
from headgate.store.store import Store
from headgate.testing.gitlab import FakeGitLab, MergeRequest
from headgate.web.server import WebServer
from tests.builds.incoming.signing import forges
from tests.builds.incoming.test_catch_up import until_it_listens
from tests.web.test_forges import make_app_of

PATH = "site/sub/software"


@dataclass
class Site:
    """A GitLab with a merge request, and what asks it."""

    server: FakeGitLab
    forge: GitLabForge
    request: MergeRequest
    repository: Repository
    settings: GitLabSettings


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with FakeGitLab() as server:
        request = server.add_request(PATH, 7, title="zlib", labels=["bot:deploy"])
        request.created_at = request.updated_at = time.time() - 100_000
        given = {"url": server.url, "token": server.token, "webhook_secret": server.secret, "projects": (PATH,)}
        settings = GitLabSettings.model_validate({"kind": "gitlab", **given})
        forge = GitLabForge("lab", settings)
        yield Site(server, forge, request, Repository("lab", PATH), settings)
        await forge.aclose()
        assert server.faults == []


async def test_a_merge_request_is_read_as_a_pull_request(site: Site) -> None:
    pull = await site.forge.pull_request(site.repository, 7)
    assert (pull.number, pull.author, pull.title, pull.labels) == (7, "ada", "zlib", ("bot:deploy",))
    assert (pull.base_branch, pull.base_commit, pull.head_commit) == ("main", "b" * 40, "a" * 40)
    assert (pull.state, pull.head_repository) == (PullRequestState.OPEN, PATH)
    assert site.forge.login == site.server.bot
    site.request.state, site.request.source = "merged", "ada/software"
    site.server.projects.append("ada/software")
    pull = await site.forge.pull_request(site.repository, 7)
    assert (pull.state, pull.head_repository) == (PullRequestState.MERGED, "ada/software")


async def test_notes_are_written_changed_and_read(site: Site) -> None:
    made = await site.forge.add_comment(site.repository, 7, "one")
    await site.forge.edit_comment(site.repository, 7, made.id, "two é")
    site.server.add_note(site.request, "ada", "bot: help")
    site.server.add_note(site.request, "ada", "changed the description", system=True)
    await site.forge.pull_request(site.repository, 7)
    found = await site.forge.comments(site.repository, 7)
    assert [(one.body, one.by_bot) for one in found] == [("two é", True), ("bot: help", False)]
    assert (await site.forge.comment(site.repository, 7, made.id)).body == "two é"


async def test_all_of_two_hundred_and_fifty_notes_are_read(site: Site) -> None:
    for number in range(250):
        site.server.add_note(site.request, "ada", str(number))
    assert [one.body for one in await site.forge.comments(site.repository, 7)] == [str(one) for one in range(250)]


async def test_notes_behind_a_page_that_is_short_are_read(site: Site) -> None:
    # Only the headers say which page is the last.
    for number in range(101):
        site.server.add_note(site.request, "ada", str(number)).hidden = number == 50
    wanted = [str(number) for number in range(101) if number != 50]
    assert [one.body for one in await site.forge.comments(site.repository, 7)] == wanted
    assert [comment.body async for _, _, comment in site.forge.news(1)] == wanted


async def test_a_list_of_one_page_is_asked_for_once(site: Site) -> None:
    site.server.add_note(site.request, "ada", "one")
    await site.forge.comments(site.repository, 7)
    assert [path for _, path in site.server.calls].count(f"/api/v4/projects/{PATH}/merge_requests/7/notes") == 1


async def test_a_reaction_twice_is_once(site: Site) -> None:
    note = site.server.add_note(site.request, "ada", "bot: help")
    for reaction in (Reaction.SEEN, Reaction.SEEN, Reaction.FAILED):
        await site.forge.react(site.repository, 7, note.id, reaction)
    assert [name for name, _ in note.emoji] == ["eyes", "thumbsdown"]


async def test_what_is_not_there_is_gone(site: Site) -> None:
    for asking in (
        site.forge.pull_request(site.repository, 8),
        site.forge.comment(site.repository, 7, 99),
        site.forge.edit_comment(site.repository, 7, 99, "x"),
        site.forge.add_comment(site.repository, 8, "x"),
        site.forge.react(site.repository, 7, 99, Reaction.SEEN),
    ):
        with pytest.raises(GoneError):
            await asking


async def test_members_of_a_group_are_its_team(site: Site) -> None:
    site.server.members["site/builders"] = {"ada": 30, "guest": 10, "adalbert": 40}
    asked = [await site.forge.in_team("site", "builders", login) for login in ("ada", "guest", "bob")]
    assert asked == [True, False, False]


async def test_a_commits_state_is_set_and_twice_is_no_mistake(site: Site) -> None:
    for _ in range(2):
        await site.forge.set_commit_state(site.repository, "a" * 40, "zen2", CommitState.PENDING, description="waits")
    assert [(one["state"], one["name"]) for one in site.server.statuses] == [("pending", "zen2")]
    site.server.role = 20
    with pytest.raises(ForbiddenError):
        await site.forge.set_commit_state(site.repository, "a" * 40, "zen2", CommitState.ERROR, description="")


async def test_git_gets_the_token_by_the_environment_alone(site: Site) -> None:
    source = await site.forge.clone_source(site.repository)
    assert source.url == f"{site.server.url}/{PATH}.git"
    assert site.server.token not in source.url + repr(source)


@pytest.mark.parametrize(
    ("answer", "transient"),
    [
        ((502, {}, {}), True),
        ((200, {}, []), True),
        ((429, {"Retry-After": "50"}, {}), True),
        ((401, {}, {"message": "401 Unauthorized"}), False),
        ((403, {}, {"error": "insufficient_scope"}), False),
        ((422, {}, "x"), False),
    ],
)
async def test_what_goes_wrong_says_whether_to_ask_again(
    site: Site, answer: tuple[int, dict[str, str], Any], transient: bool
) -> None:
    await site.forge.pull_request(site.repository, 7)
    site.server.answers.append(answer)
    with pytest.raises(ForgeError) as refused:
        await site.forge.comment(site.repository, 7, 1)
    assert refused.value.transient is transient
    assert site.server.token not in refused.value.message


async def test_a_gitlab_that_is_away_is_said_to_be_away(site: Site) -> None:
    await site.server.stop()
    with pytest.raises(ForgeError, match="cannot be reached") as refused:
        await site.forge.pull_request(site.repository, 7)
    assert refused.value.transient


async def kinds(store: Store) -> list[str]:
    found = await store.read(lambda connection: journal.find(connection, EventFilter(), limit=100))
    return [one.event.kind.value for one in found]


async def test_what_webhooks_told_and_what_is_found_afterwards_is_one(site: Site, store: Store) -> None:
    intake = Intake(store, Journal(), forges(lab=site.settings))
    look = CatchUp(store, intake, site.forge, Standing(), interval=300).look
    await look()
    server = WebServer(make_app_of(intake), "127.0.0.1", 0)
    run = asyncio.create_task(server.run())
    site.server.webhook_url = f"http://127.0.0.1:{server.port}/gitlab/webhook/lab"
    try:
        await until_it_listens(server.port)
        assert await site.server.say(site.request, "ada", "bot: help") == 202
        site.request.sha = "c" * 40
        assert await site.server.happened("update", site.request, "ada", oldrev="a" * 40) == 202
        labels = {"labels": {"previous": [], "current": [{"title": "bot:deploy"}]}}
        assert await site.server.happened("update", site.request, "ada", changes=labels) == 202
        site.request.state, site.request.merged_at = "merged", time.time()
        assert await site.server.happened("merge", site.request, "ada") == 202
    finally:
        server.stop()
        await asyncio.wait_for(run, 60)
    told = await kinds(store)
    assert told == ["pull_request.comment", *(f"pull_request.{one}" for one in ("updated", "labeled", "closed"))]
    await look()
    assert await kinds(store) == told


async def test_without_webhooks_the_same_is_found(site: Site, store: Store) -> None:
    intake = Intake(store, Journal(), forges(lab=site.settings))
    standing = Standing()
    look = CatchUp(store, intake, site.forge, standing, interval=300).look
    await look()
    await site.server.say(site.request, "ada", "bot: help")
    await look()
    site.request.sha = "c" * 40
    await site.server.happened("update", site.request, "ada")
    await look()
    site.request.state, site.request.closed_at = "closed", time.time()
    await site.server.happened("close", site.request, "ada")
    await look()
    assert await kinds(store) == ["pull_request.comment", "pull_request.updated", "pull_request.closed"]
    assert standing.problem == ""
