"""GitHub, asked by what is on the wire: a strict server that holds every request against GitHub's own description."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from headgate.builds.forge.github import GitHubForge
from headgate.builds.forge.interface import CommitState, ForbiddenError, ForgeError, GoneError
from headgate.errors import ConfigError
from headgate.model.pull_request import PullRequestState, Reaction, Repository
from headgate.testing.github import FakeGitHub, Trouble
from tests.builds.forge.conftest import Site, settings_of

TOKENS = "POST", "/app/installations/{installation_id}/access_tokens"


async def test_a_pull_request_is_read(site: Site) -> None:
    pull = await site.forge.pull_request(site.repository, 7)
    assert (pull.number, pull.author, pull.title, pull.labels) == (7, "ada", "zlib", ("bot:deploy",))
    assert (pull.base_branch, pull.base_commit, pull.head_commit) == ("main", "b" * 40, "a" * 40)
    assert (pull.state, pull.head_repository) == (PullRequestState.OPEN, "site/software")
    assert site.forge.login == site.server.login


async def test_whether_it_was_merged_is_read(site: Site) -> None:
    await site.server.close(site.pull, "ada", merged=True)
    assert (await site.forge.pull_request(site.repository, 7)).state is PullRequestState.MERGED
    site.pull.merged_at, site.pull.head_repository = None, ""
    pull = await site.forge.pull_request(site.repository, 7)
    assert (pull.state, pull.head_repository) == (PullRequestState.CLOSED, "")


async def test_what_is_not_there_is_gone(site: Site) -> None:
    for asking in (
        site.forge.pull_request(site.repository, 8),
        site.forge.comment(site.repository, 7, 99),
        site.forge.edit_comment(site.repository, 7, 99, "x"),
        site.forge.add_comment(site.repository, 8, "x"),
        site.forge.react(site.repository, 7, 99, Reaction.SEEN),
        site.forge.pull_request(Repository("main", "nobody/nothing"), 1),
    ):
        with pytest.raises(GoneError):
            await asking


async def test_comments_are_written_changed_and_read(site: Site) -> None:
    made = await site.forge.add_comment(site.repository, 7, "one")
    await site.forge.edit_comment(site.repository, 7, made.id, "two é")
    read = await site.forge.comment(site.repository, 7, made.id)
    assert (read.body, read.author, read.by_bot) == ("two é", site.server.login, True)
    site.server.world.add_comment(site.pull, "ada", "bot: help")
    assert [(one.author, one.by_bot) for one in await site.forge.comments(site.repository, 7)] == [
        (site.server.login, True),
        ("ada", False),
    ]


async def test_all_of_four_hundred_comments_are_read(site: Site) -> None:
    for number in range(400):
        site.server.world.add_comment(site.pull, "ada", str(number))
    assert [one.body for one in await site.forge.comments(site.repository, 7)] == [str(one) for one in range(400)]


async def test_comments_behind_a_page_that_is_short_are_read(site: Site) -> None:
    # Only the Link header says which page is the last.
    for number in range(101):
        site.server.world.add_comment(site.pull, "ada", str(number)).hidden = number == 50
    wanted = [str(number) for number in range(101) if number != 50]
    for _ in range(2):  # the second time, nothing has changed
        assert [one.body for one in await site.forge.comments(site.repository, 7)] == wanted
    assert [call.status for call in site.server.calls if "/comments" in call.path] == [200, 200, 304, 304]
    assert [comment.body async for _, _, comment in site.forge.news(1)] == wanted


async def test_comments_since_a_time_are_those_that_changed_then(site: Site) -> None:
    world = site.server.world
    world.add_comment(site.pull, "ada", "old")
    world.advance(100)
    world.add_comment(site.pull, "ada", "new")
    found = await site.forge.comments(site.repository, 7, since=world.now() - 10)
    assert [one.body for one in found] == ["new"]


async def test_a_reaction_twice_is_once(site: Site) -> None:
    comment = site.server.world.add_comment(site.pull, "ada", "bot: help")
    for reaction in (Reaction.SEEN, Reaction.SEEN, Reaction.REFUSED, Reaction.FAILED, Reaction.DONE):
        await site.forge.react(site.repository, 7, comment.id, reaction)
    assert [content for content, _ in comment.reactions] == ["eyes", "confused", "-1", "rocket"]


async def test_the_difference_is_what_git_says(site: Site) -> None:
    site.pull.diff = b"diff --git a/\xff b/\xff\n"
    assert await site.forge.diff(site.repository, 7) == site.pull.diff
    site.pull.diff = None
    with pytest.raises(ForgeError, match="406"):
        await site.forge.diff(site.repository, 7)


async def test_who_is_in_a_team_is_asked_where_the_team_is(site: Site) -> None:
    site.server.world.teams["site", "builders"] = {"ada"}
    assert await site.forge.in_team("site", "builders", "ada")
    assert not await site.forge.in_team("site", "builders", "bob")
    with pytest.raises(ForbiddenError, match="not installed for elsewhere"):
        await site.forge.in_team("elsewhere", "builders", "ada")


async def test_a_permission_that_is_missing_is_named(site: Site) -> None:
    [installation] = site.server.world.installations.values()
    del installation.permissions["members"], installation.permissions["statuses"]
    with pytest.raises(ForbiddenError, match="members=read"):
        await site.forge.in_team("site", "builders", "ada")
    with pytest.raises(ForbiddenError, match="statuses=write"):
        await site.forge.set_commit_state(site.repository, "a" * 40, "x", CommitState.PENDING, description="")


async def test_a_commits_state_is_set(site: Site) -> None:
    await site.forge.set_commit_state(
        site.repository, "a" * 40, "headgate/zen2", CommitState.FAILURE, description="d" * 200, url="https://site/1"
    )
    [status] = site.server.world.statuses
    assert (status["state"], status["context"], status["target_url"]) == ("failure", "headgate/zen2", "https://site/1")
    assert len(status["description"]) == 140


async def test_a_token_is_asked_for_once_and_used_until_it_is_old(site: Site, tmp_path: Path) -> None:
    ahead = 0.0
    forge = GitHubForge("main", settings_of(site.server, tmp_path), clock=lambda: time.time() + ahead)
    await asyncio.gather(*(forge.pull_request(site.repository, 7) for _ in range(10)))
    assert site.server.asked(*TOKENS) == 1
    ahead = 3600 - 301 - 60
    await forge.pull_request(site.repository, 7)
    assert site.server.asked(*TOKENS) == 1
    ahead = 3600 - 299
    await forge.pull_request(site.repository, 7)
    assert site.server.asked(*TOKENS) == 2
    await forge.aclose()


async def test_a_token_that_was_taken_back_is_replaced(site: Site) -> None:
    await site.forge.pull_request(site.repository, 7)
    site.server.access.revoke()
    await site.forge.pull_request(site.repository, 7)
    assert site.server.asked(*TOKENS) == 2


async def test_an_app_that_was_installed_anew_is_found(site: Site) -> None:
    await site.forge.pull_request(site.repository, 7)
    world = site.server.world
    world.installations.clear()
    site.server.access.revoke()
    site.stored.installation = world.install("site")
    with pytest.raises(ForgeError):
        await site.forge.pull_request(site.repository, 7)
    assert (await site.forge.pull_request(site.repository, 7)).number == 7


async def test_each_account_is_asked_for_with_its_own_installation(site: Site) -> None:
    world = site.server.world
    other = world.add_repository("other/software", world.install("other"))
    world.add_pull_request(other, number=7, title="the other")
    found = await site.forge.pull_request(Repository("main", "other/software"), 7)
    assert (found.title, (await site.forge.pull_request(site.repository, 7)).title) == ("the other", "zlib")
    assert site.server.asked("GET", "/repos/{owner}/{repo}/installation") == 2


async def test_a_wrong_key_says_so(site: Site) -> None:
    site.settings.private_key.write_text(FakeGitHub(Path(__file__).parents[3] / ".counterparts").private_key)
    forge = GitHubForge("main", site.settings)
    with pytest.raises(ForbiddenError, match="private_key"):
        await forge.pull_request(site.repository, 7)
    await forge.aclose()


@pytest.mark.parametrize("text", [None, "", "no key"])
def test_a_key_that_is_none_is_a_mistake_of_the_configuration(
    server: FakeGitHub, tmp_path: Path, text: str | None
) -> None:
    settings = settings_of(server, tmp_path)
    settings.private_key.unlink()
    if text is not None:
        settings.private_key.write_text(text)
    with pytest.raises(ConfigError, match="private_key"):
        GitHubForge("main", settings)


async def test_git_gets_its_credentials_by_the_environment_alone(site: Site, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    await _run("git", "init", "-q", "--bare", str(bare))
    site.stored.directory = bare
    source = await site.forge.clone_source(site.repository)
    [token] = site.server.access.tokens
    assert token not in source.url + repr(source)
    assert await _run("git", "ls-remote", source.url, **source.environment) == 0
    assert await _run("git", "ls-remote", source.url) != 0


async def test_git_gets_a_token_that_lasts(site: Site, tmp_path: Path) -> None:
    ahead = 0.0
    forge = GitHubForge("main", settings_of(site.server, tmp_path), clock=lambda: time.time() + ahead)
    await forge.pull_request(site.repository, 7)
    ahead = 3600 - 800
    await forge.clone_source(site.repository)
    assert site.server.asked(*TOKENS) == 2
    await forge.aclose()


async def _run(*words: str, **environment: str) -> int:
    own = {"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, **environment}
    process = await asyncio.create_subprocess_exec(*words, env=own, stderr=asyncio.subprocess.DEVNULL)
    return await asyncio.wait_for(process.wait(), 60)


async def test_what_did_not_change_is_not_counted(site: Site) -> None:
    await site.forge.pull_request(site.repository, 7)
    [installation] = site.server.world.installations
    used = site.server.limits(installation).used
    for _ in range(10):
        assert (await site.forge.pull_request(site.repository, 7)).title == "zlib"
    assert site.server.limits(installation).used == used
    site.pull.title = "zlib 2"
    assert (await site.forge.pull_request(site.repository, 7)).title == "zlib 2"


async def test_the_hours_limit_is_never_reached(site: Site) -> None:
    [installation] = site.server.world.installations
    site.server.limits(installation).limit = 100
    comments = [site.server.world.add_comment(site.pull, "ada", "x").id for _ in range(200)]

    async def read_all() -> None:
        for number in comments:
            await site.forge.comment(site.repository, 7, number)

    with pytest.raises(ForgeError) as refused:
        await read_all()
    assert refused.value.retry_after is not None
    assert refused.value.retry_after > 60
    assert 90 < site.server.limits(installation).used < 100


async def test_after_retry_after_nobody_asks(site: Site) -> None:
    site.server.trouble(Trouble(403, "/repos/*/comments", "POST", headers={"Retry-After": "120"}))
    for _ in range(3):
        with pytest.raises(ForgeError) as refused:
            await site.forge.add_comment(site.repository, 7, "x")
        assert refused.value.retry_after == pytest.approx(120, abs=60)
    assert sum(call.status == 403 for call in site.server.calls) == 1
    assert site.pull.comments == []


async def test_retry_after_as_a_date_is_kept_too(site: Site) -> None:
    # githubkit reads a number there, and nothing else.
    headers = {"Retry-After": "Fri, 31 Dec 2199 23:59:59 GMT"}
    site.server.trouble(Trouble(429, "/repos/*/comments", "POST", headers=headers))
    with pytest.raises(ForgeError) as refused:
        await site.forge.add_comment(site.repository, 7, "x")
    assert refused.value.retry_after is not None


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(502),
        Trouble(500, body="<html>"),
        Trouble(503, body=[]),
        Trouble(200, body="no object"),
        Trouble(hang_up=True),
        Trouble(200, body={"id": "x"}),
    ],
)
async def test_trouble_at_github_may_be_over_the_next_time(site: Site, trouble: Trouble) -> None:
    await site.forge.pull_request(site.repository, 7)
    site.server.trouble(trouble)
    with pytest.raises(ForgeError) as refused:
        await site.forge.comment(site.repository, 7, 1)
    assert refused.value.transient
    assert site.server.url not in refused.value.message


async def test_a_github_that_is_away_is_said_to_be_away(site: Site) -> None:
    await site.server.stop()
    with pytest.raises(ForgeError, match="cannot be reached") as refused:
        await site.forge.pull_request(site.repository, 7)
    assert refused.value.transient


async def test_no_secret_is_in_an_error(site: Site) -> None:
    await site.forge.pull_request(site.repository, 7)
    secrets = {*site.server.access.tokens, site.server.secret, site.server.private_key[100:200]}
    for trouble in (
        Trouble(401, times=2),
        Trouble(403),
        Trouble(404),
        Trouble(422),
        Trouble(500),
        Trouble(hang_up=True),
    ):
        site.server.trouble(trouble)
        with pytest.raises(ForgeError) as refused:
            await site.forge.comment(site.repository, 7, 1)
        assert not any(secret in repr(refused.value) + str(refused.value.__context__) for secret in secrets)
        site.server.well()


async def test_news_are_the_comments_on_pull_requests_of_every_repository(site: Site) -> None:
    world = site.server.world
    old = world.add_comment(site.pull, "ada", "old")
    world.advance(1000)
    since = world.now() - 500
    other = world.add_pull_request(world.add_repository("other/x", world.install("other")), number=3)
    issue = world.add_pull_request(site.stored, is_issue=True)
    world.add_comment(issue, "ada", "on an issue")
    world.add_comment(site.pull, "ada", "bot: build")
    world.add_comment(other, "bob", "bot: help")
    old.updated_at = world.second()  # changed, but not new
    found = [(str(repository), number, one.body) async for repository, number, one in site.forge.news(since)]
    assert sorted(found) == [("main:other/x", 3, "bot: help"), ("main:site/software", 7, "bot: build")]


async def test_pull_requests_that_changed_are_found(site: Site) -> None:
    world = site.server.world
    world.advance(1000)
    for number in range(20, 150):
        world.add_pull_request(site.stored, number=number)
    found = [one.pull_request.number async for one in site.forge.changed(world.now() - 500)]
    assert sorted(found) == list(range(20, 150))


async def test_what_was_sent_is_listed_and_read(site: Site) -> None:
    site.server.webhook_url = "http://127.0.0.1:1/"
    comment = None
    for number in range(130):
        comment = await site.server.say(site.pull, "ada", f"bot: {number}")
    found = [one async for one in site.forge.sent(0)]
    assert len(found) == 130
    assert (found[0].event, found[0].action, found[0].status) == ("issue_comment", "created", 502)
    delivery = await site.forge.delivery(found[0])
    assert comment is not None
    assert (delivery.id, delivery.payload["comment"]["id"]) == (found[0].guid, comment.id)
