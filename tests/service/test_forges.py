"""A real service, and a GitHub that it hears by every way there is, through restarts and outages."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from headgate.testing.github import FakeGitHub, PullRequest, Trouble
from headgate.testing.relay import FakeRelay
from tests.builds.forge.conftest import MODULES
from tests.builds.incoming.signing import needs_samples
from tests.service.running import RunningHeadgate

pytestmark = needs_samples


class Site:
    """A GitHub with a pull request, and the configuration of a Headgate that has its App."""

    def __init__(self, server: FakeGitHub, directory: Path) -> None:
        self.server, self.directory = server, directory
        repository = server.world.add_repository("site/software", server.world.install("site"))
        self.pull: PullRequest = server.world.add_pull_request(repository, number=7)
        self.pull.created_at = self.pull.updated_at = server.world.second() - 100_000
        key = directory / "key.pem"
        key.write_text(server.private_key)
        self.forge: dict[str, Any] = {
            "kind": "github",
            "url": server.url,
            "app_id": server.app_id,
            "private_key": str(key),
            "webhook_secret": server.secret,
            "catch_up": 0.2,
        }

    def headgate(self, **more: Any) -> RunningHeadgate:
        """Return a service that does nothing but hear this GitHub."""
        tables: dict[str, dict[str, Any]] = {
            "store": {"url": f"sqlite:///{self.directory}/headgate.db"},
            "service": {"listen": "127.0.0.1:0", "parts": ["http", "builds"], "stop_deadline": 5.0},
            "builds.forges.main": self.forge | more,
            "logging": {"level": "debug"},
        }
        return RunningHeadgate(self.directory, tables)

    def events(self) -> list[tuple[str, str]]:
        """Return the kind of every event, and the source that told it first."""
        with sqlite3.connect(f"file:{self.directory}/headgate.db?mode=ro", uri=True) as database:
            rows = database.execute(
                "SELECT kind, (SELECT source FROM witnesses WHERE event_id = id ORDER BY seen_at LIMIT 1) "
                "FROM events ORDER BY id"
            ).fetchall()
        database.close()
        return [(str(kind), str(source)) for kind, source in rows]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not true():
                await asyncio.sleep(0.05)

    def caught_up(self) -> bool:
        """Whether the first look is over, from which on nothing is missed."""
        with sqlite3.connect(f"file:{self.directory}/headgate.db?mode=ro", uri=True) as database:
            found = database.execute("SELECT count(*) FROM cursors WHERE name LIKE 'forge main %'").fetchone()
        database.close()
        return found == (4,) and self.server.asked("GET", "/repos/{owner}/{repo}/pulls") > 0


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with FakeGitHub(MODULES) as server:
        yield Site(server, tmp_path)
        assert server.faults == []


async def test_a_webhook_is_in_the_journal_when_github_has_its_answer(site: Site) -> None:
    async with site.headgate(catch_up=3600) as running:
        site.server.webhook_url = f"http://127.0.0.1:{running.port}/github/webhook"
        await site.server.say(site.pull, "ada", "bot: help")
        assert [one.status_code for one in site.server.world.deliveries] == [202]
        assert site.events() == [("pull_request.comment", "webhook")]
        metrics = (await running.get("/metrics")).text
        assert 'headgate_webhooks_total{forge="main",outcome="new"} 1.0' in metrics


async def test_a_redelivery_after_a_restart_is_no_second_event(site: Site) -> None:
    # The predecessor kept the ids of deliveries in its process: after a restart they ran again.
    for _ in range(2):
        async with site.headgate(catch_up=3600) as running:
            site.server.webhook_url = f"http://127.0.0.1:{running.port}/github/webhook/main"
            if not site.server.world.deliveries:
                await site.server.say(site.pull, "ada", "bot: help")
            else:
                await site.server._again(site.server.world.deliveries[0])
    assert [one.status_code for one in site.server.world.deliveries] == [202, 202]
    assert len(site.events()) == 1


async def test_what_was_said_while_headgate_was_dead_is_found_when_it_is_back(site: Site) -> None:
    running = site.headgate()
    async with running:
        await site.until(site.caught_up)
        site.server.webhook_url = f"http://127.0.0.1:{running.port}/github/webhook"
        await running.kill()
        await site.server.say(site.pull, "ada", "bot: build for:arch=zen2")
        await site.server.label(site.pull, "bot:deploy", "grace")
        assert {one.status_code for one in site.server.world.deliveries} == {502}
        await running.start()
        await site.until(lambda: len(site.events()) == 2)
    assert site.events() == [("pull_request.comment", "forge"), ("pull_request.labeled", "forge")]


async def test_what_was_said_while_github_could_not_be_asked_is_found_afterwards(site: Site) -> None:
    async with site.headgate() as running:
        await site.until(site.caught_up)
        site.server.trouble(Trouble(503, times=0))
        await site.server.say(site.pull, "ada", "bot: help")
        await site.until(lambda: running.events("catch_up.failed") > 0)
        assert site.events() == []
        assert (await running.get("/healthz")).status_code == 200
        running.write(running._tables)  # it waits as long as GitHub asked for; a restart looks at once
        site.server.well()
        await running.stop()
        await running.start()
        await site.until(lambda: len(site.events()) == 1)


async def test_webhooks_come_through_a_relay(site: Site) -> None:
    async with FakeRelay() as relay, site.headgate(relay=relay.url, catch_up=3600) as running:
        await site.until(lambda: bool(relay.listeners))
        site.server.webhook_url = relay.url
        await site.server.say(site.pull, "ada", "bot: help é")
        await site.until(lambda: site.events() == [("pull_request.comment", "webhook")])
        assert relay.url not in running.log.read_text()


async def test_no_secret_is_in_the_log_not_even_of_those_who_debug(site: Site) -> None:
    async with site.headgate() as running:
        await site.until(site.caught_up)
        site.server.trouble(Trouble(401, times=20), Trouble(hang_up=True, times=5))
        await site.until(lambda: running.events("catch_up.failed") > 0)
        log = running.log.read_text()
    assert not any(secret in log for secret in (site.server.secret, "PRIVATE KEY", *site.server.access.tokens))
