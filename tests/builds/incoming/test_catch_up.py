"""What no webhook told is found afterwards, once, and nothing that should not be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.builds.forge.github import GitHubForge
from headgate.builds.incoming.catch_up import CatchUp
from headgate.builds.incoming.intake import Intake
from headgate.events.journal import Journal
from headgate.events.sources.standings import Standing
from headgate.model.event import Event, Source
from headgate.store import journal
from headgate.store.journal import EventFilter
from headgate.store.store import Store
from headgate.testing.github import FakeGitHub, PullRequest, Trouble
from headgate.web.server import WebServer
from tests.builds.forge.conftest import MODULES, settings_of
from tests.builds.incoming.signing import forges, needs_samples
from tests.web.test_forges import make_app_of

pytestmark = needs_samples
LOST = "http://127.0.0.1:1/"
"""Where nobody listens."""


@dataclass
class Site:
    """A GitHub, its App, and a Headgate that may be away."""

    server: FakeGitHub
    store: Store
    forge: GitHubForge
    pull: PullRequest
    directory: Path

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start Headgate anew: it remembers nothing but what is in the store."""
        own = settings_of(self.server, self.directory)
        self.intake = Intake(self.store, Journal(), forges(main=own))
        self.standing = Standing()
        clock = self.server.world.now
        self.catch_up = CatchUp(
            self.store, self.intake, self.forge, self.standing, interval=300, sender=self.forge, clock=clock
        )

    async def events(self) -> list[Event]:
        found = await self.store.read(lambda connection: journal.find(connection, EventFilter(), limit=1000))
        return [one.event for one in found]

    async def kinds(self) -> list[str]:
        return [event.kind.value for event in await self.events()]

    async def look(self) -> None:
        await self.catch_up.look()
        assert self.standing.problem == ""


async def until_it_listens(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return


@pytest.fixture
async def site(store: Store, tmp_path: Path) -> AsyncIterator[Site]:
    async with FakeGitHub(MODULES) as server:
        repository = server.world.add_repository("site/software", server.world.install("site"))
        pull = server.world.add_pull_request(repository, number=7)
        pull.created_at = pull.updated_at = server.world.second() - 100_000
        forge = GitHubForge("main", settings_of(server, tmp_path))
        made = Site(server, store, forge, pull, tmp_path)
        await made.look()  # the first look: from now on it is to miss nothing
        yield made
        await forge.aclose()
        assert server.faults == []


async def test_a_comment_is_found_where_nothing_can_reach_us(site: Site) -> None:
    await site.server.say(site.pull, "ada", "bot: build for:arch=zen2")
    await site.server.say(site.pull, "ada", "thanks")
    site.server.world.add_comment(site.pull, site.server.login, "bot: help")
    await site.look()
    [event] = await site.events()
    assert (event.kind, event.source) == ("pull_request.comment", Source.FORGE)
    assert (event.data["author"], event.data["body"]) == ("ada", "bot: build for:arch=zen2")
    assert event.key == f"pr:main:site/software#7:comment:{site.pull.comments[0].id}"


async def test_events_while_headgate_was_down_are_not_lost(site: Site) -> None:
    # The predecessor lost every event that came while it, or the relay, was down.
    site.server.webhook_url = LOST
    await site.server.say(site.pull, "ada", "bot: build for:arch=zen2")
    await site.server.label(site.pull, "bot:deploy", "grace")
    await site.server.push(site.pull, "c" * 40)
    await site.server.close(site.pull, "ada", merged=True)
    site.start()
    await site.look()
    assert await site.kinds() == [
        "pull_request.comment",
        "pull_request.labeled",
        "pull_request.updated",
        "pull_request.closed",
    ]


async def test_looking_again_and_again_finds_nothing_twice(site: Site) -> None:
    site.server.webhook_url = LOST
    await site.server.open(site.pull)
    await site.server.say(site.pull, "ada", "bot: help")
    await site.server.push(site.pull, "c" * 40)
    await site.server.close(site.pull, "ada")
    await site.look()
    before = await site.kinds()
    assert len(before) == 4
    for _ in range(2):
        await site.look()
        site.start()
        await site.look()
    assert await site.kinds() == before


async def test_without_a_webhook_at_all_comments_pushes_and_closing_are_found(site: Site) -> None:
    await site.server.say(site.pull, "ada", "bot: help")
    await site.look()
    await site.server.push(site.pull, "c" * 40)
    await site.look()
    await site.server.close(site.pull, "ada")
    fresh = site.server.world.add_pull_request(site.pull.repository, number=8)
    await site.look()
    await site.look()
    assert sorted(await site.kinds()) == [
        "pull_request.closed",
        "pull_request.comment",
        "pull_request.opened",
        "pull_request.updated",
    ]
    opened = next(event for event in await site.events() if event.kind == "pull_request.opened")
    assert opened.data["number"] == fresh.number


async def test_what_webhooks_told_is_not_told_again(site: Site) -> None:
    server = WebServer(make_app_of(site.intake), "127.0.0.1", 0)
    run = asyncio.create_task(server.run())
    site.server.webhook_url = f"http://127.0.0.1:{server.port}/github/webhook"
    try:
        await until_it_listens(server.port)
        await site.server.open(site.pull)
        await site.server.say(site.pull, "ada", "bot: help")
        await site.server.push(site.pull, "c" * 40)
        await site.server.label(site.pull, "bot:deploy", "grace")
        await site.server.close(site.pull, "ada")
    finally:
        server.stop()
        await asyncio.wait_for(run, 60)
    before = await site.kinds()
    assert len(before) == 5
    await site.look()
    site.start()
    await site.look()
    assert await site.kinds() == before
    assert site.server.asked("GET", "/app/hook/deliveries/{delivery_id}") == 0


async def test_a_comment_that_was_changed_before_it_was_seen_is_not_obeyed(site: Site) -> None:
    # Whoever may write to the repository may edit another's comment: the command would be theirs, in ada's name.
    comment = await site.server.say(site.pull, "ada", "hello")
    site.server.world.advance(5)
    await site.server.edit(site.pull, comment, "bot: deploy")
    await site.look()
    assert await site.kinds() == []


async def test_an_old_comment_that_gets_a_command_later_is_not_obeyed(site: Site) -> None:
    comment = await site.server.say(site.pull, "ada", "hello")
    await site.look()
    site.server.world.advance(1000)
    await site.server.edit(site.pull, comment, "bot: deploy")
    await site.look()
    assert await site.kinds() == []


async def test_the_webhook_of_a_comment_that_was_edited_later_has_it_as_it_was_written(site: Site) -> None:
    site.server.webhook_url = LOST
    comment = await site.server.say(site.pull, "ada", "bot: help")
    site.server.world.advance(5)
    await site.server.edit(site.pull, comment, "bot: deploy")
    await site.look()
    assert [event.data["body"] for event in await site.events()] == ["bot: help"]


async def test_what_was_said_before_headgate_was_set_up_is_left_alone(store: Store, tmp_path: Path) -> None:
    async with FakeGitHub(MODULES) as server:
        pull = server.world.add_pull_request(server.world.add_repository("a/b", server.world.install("a")))
        server.webhook_url = LOST
        await server.say(pull, "ada", "bot: build")
        server.world.advance(2)
        forge = GitHubForge("main", settings_of(server, tmp_path))
        site = Site(server, store, forge, pull, tmp_path)
        await site.look()
        await site.look()
        assert await site.kinds() == []
        await server.say(pull, "ada", "bot: help")
        await site.look()
        assert [event.data["body"] for event in await site.events()] == ["bot: help"]
        await forge.aclose()


async def test_what_is_older_than_three_days_is_left_alone(site: Site) -> None:
    await site.server.say(site.pull, "ada", "bot: build")
    site.server.world.advance(3 * 24 * 3600 + 10)
    site.start()
    await site.look()
    assert await site.kinds() == []


async def test_while_the_forge_is_away_nothing_is_passed_over(site: Site) -> None:
    await site.server.say(site.pull, "ada", "bot: help")
    site.server.trouble(Trouble(502, times=0))
    assert await site.catch_up.look() >= 300
    assert "502" in site.standing.problem
    site.server.well()
    await site.look()
    assert await site.kinds() == ["pull_request.comment"]


async def test_one_way_that_is_barred_keeps_no_other_from_being_gone(site: Site) -> None:
    await site.server.say(site.pull, "ada", "bot: help")
    site.server.trouble(Trouble(403, "/app/hook/*", times=0))
    await site.catch_up.look()
    assert "forbids" in site.standing.problem
    assert await site.kinds() == ["pull_request.comment"]


async def test_a_repository_that_is_not_shown_keeps_no_other_from_being_looked_at(site: Site) -> None:
    world = site.server.world
    [installation] = world.installations.values()
    other = world.add_pull_request(world.add_repository("site/other", installation), number=1)
    site.start()
    site.forge._listed_at = None
    await site.server.say(other, "ada", "bot: help")
    site.server.trouble(Trouble(404, "/repos/site/software/*", times=0))
    await site.look()
    assert {event.data["repository"] for event in await site.events()} == {"site/other"}
    assert "pull_request.comment" in await site.kinds()


async def test_a_failed_delivery_can_be_sent_again_by_hand(site: Site) -> None:
    site.server.webhook_url = LOST
    await site.server.say(site.pull, "ada", "bot: help")
    [delivery] = site.server.world.deliveries
    await site.server._again(delivery)
    await site.look()
    assert len(await site.events()) == 1


async def test_a_quiet_hour_costs_few_calls(site: Site) -> None:
    site.server.calls.clear()
    for _ in range(12):
        site.server.world.advance(300)
        await site.look()
    counted = [call for call in site.server.calls if call.status != 304]
    assert len(site.server.calls) <= 40
    assert len(counted) <= 20


async def test_an_hour_of_three_hundred_comments_costs_few_calls(site: Site) -> None:
    site.server.webhook_url = LOST
    site.server.calls.clear()
    for _ in range(12):
        for number in range(25):
            comment = await site.server.say(site.pull, "ada", "bot: status" if number == 0 else "hello")
            site.server.world.deliveries[-1].status_code = 202  # it was taken
            comment.created_at = comment.updated_at = site.server.world.second()
        site.server.world.advance(300)
        await site.look()
    print(f"{len(site.server.calls)} calls of GitHub in an hour of 300 comments")  # noqa: T201
    assert len(site.server.calls) <= 50
    assert len(await site.events()) == 12


async def test_it_looks_at_start_then_when_asked_and_stops_when_told(site: Site) -> None:
    run = asyncio.create_task(site.catch_up.run())
    await site.server.say(site.pull, "ada", "bot: help")
    async with asyncio.timeout(60):
        while "main" not in site.intake.missed:
            await asyncio.sleep(0.01)
        while not await site.kinds():
            site.intake.missed["main"]()
            await asyncio.sleep(0.05)
    site.catch_up.stop()
    await asyncio.wait_for(run, 60)
