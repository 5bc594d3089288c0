"""Every connector at once: one Headgate, real jobs, a real Synapse and RabbitMQ, and strict fakes of the rest."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from headgate.testing.cluster import Cluster
from headgate.testing.matrix.synapse import PROGRAM
from headgate.testing.rabbitmq.broker import PROGRAMS
from scripts.demo.got import SERVICES, Got
from scripts.demo.services import TELEGRAM, Services
from tests.real.site import PATIENCE, QUIET, Site, Tables

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]

FAIL = "#!/bin/sh\nsleep 1\nexit 3\n"


class ConnectedSite(Site):
    """A site whose Headgate has every connector, and answers its users."""

    def __init__(self, cluster: Cluster, directory: Path, services: Services) -> None:
        super().__init__(cluster, directory)
        self.services = services
        self.socket = cluster.shared / f"{directory.name}.sock"

    def _configuration(self) -> Tables:
        tables = super()._configuration() | self.services.tables() | {"local": {"socket": str(self.socket)}}
        return tables | {"notify": tables["notify"] | {"subscription_delay": 2}}


@dataclass(frozen=True, slots=True)
class Connected:
    """The site and the services."""

    site: ConnectedSite
    services: Services

    async def told(self, service: str, job: int, count: int) -> list[Got]:
        """Wait until a service got so many messages about a job, and return all it got about it."""
        found: list[Got] = []
        try:
            async with asyncio.timeout(PATIENCE):
                while len(found) < count:
                    await asyncio.sleep(0.1)
                    got = await self.services.got()
                    found = [one for one in got if one.service == service and one.is_about(job)]
        except TimeoutError:
            raise AssertionError(f"{service}: {[one.title for one in found]} {self.site.state(job, ())}") from None
        return found

    async def answered(self, text: str) -> Got:
        """Wait until the bot said something in Telegram that holds a text."""
        async with asyncio.timeout(PATIENCE):
            while True:
                got = await self.services.got()
                found = [one for one in got if one.service == "telegram" and text in one.payload["text"]]
                if found:
                    return found[-1]
                await asyncio.sleep(0.1)

    async def me(self, user: str, *words: str) -> Any:
        """Run ``headgate me`` as a user, and return its answer."""
        argv = [sys.executable, "-m", "headgate.cli.main", "me", f"--socket={self.site.socket}", *words, "--json"]
        done = await asyncio.to_thread(self.site.cluster.run_as, user, argv)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    async def link(self, user: str) -> None:
        """Link a user's chat in Telegram, as people do it: a code from the command, said to the bot."""
        code = await self.me(user, "link", "telegram")
        await self.services.say("telegram", user, code["say"])
        await self.answered(f"linked to the account {user}")
        await self.answered(f"account <b>{user}</b>" if False else user)
        assert [one["target"] for one in (await self.me(user))["links"]] == [str(TELEGRAM[user])]

    async def deliveries(self, job: int, count: int) -> list[dict[str, Any]]:
        """Wait until so many deliveries about a job are over, and return all of them."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await self.site.deliveries(job)
                if len(found) >= count and all(one["state"] in ("delivered", "dead", "folded") for one in found):
                    return found
                await asyncio.sleep(0.2)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connected(slurm_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Connected]:
    if not PROGRAM.exists() or not (PROGRAMS / "rabbitmq-server").exists():
        pytest.skip("Synapse (the test tools) or Debian's package rabbitmq-server is not installed")
    directory = tmp_path_factory.mktemp(f"every-connector-{slurm_cluster.slurm}")
    async with Services() as services, ConnectedSite(slurm_cluster, directory, services) as site:
        yield Connected(site, services)


async def test_a_failure_is_told_in_every_service_at_once(connected: Connected) -> None:
    site, services = connected.site, connected.services
    receivers = [f"{name}:{target}" for name, target in services.receivers.items()] + ["mailto:ada"]
    job = await site.submit("ada", FAIL, "--job-name=broken", f"--mail-user={','.join(receivers)}")
    began, failed = f'Started: job {job} "broken"', f'Failed (exit code 3): job {job} "broken"'
    for service in SERVICES:
        first, second, *more = await connected.told(service, job, 2)
        assert (first.target, second.target, more) == (services.receivers[service],) * 2 + ([],)
        assert first.title.endswith(began), (service, first.title)
        assert second.title.endswith(failed), (service, second.title)
    mails = await site.told(job, "started", "failed")
    assert [mail.subject for mail in mails] == [began, failed]
    deliveries = await connected.deliveries(job, 2 * len(receivers))
    assert len(deliveries) == 2 * len(receivers)
    assert {(one["state"], one["attempts"]) for one in deliveries} == {("delivered", 0)}
    assert services.refused() == []
    assert [line for line in site.headgate.lines() if line["level"] in ("warning", "error", "critical")] == []


async def test_who_has_linked_a_chat_needs_no_target(connected: Connected) -> None:
    await connected.link("ada")
    job = await connected.site.submit("ada", FAIL, "--job-name=linked", "--mail-user=telegram")
    first, second = await connected.told("telegram", job, 2)
    assert (first.target, second.target) == (str(TELEGRAM["ada"]),) * 2
    assert first.title.endswith(f'Started: job {job} "linked"')
    assert second.title.endswith(f'Failed (exit code 3): job {job} "linked"')
    deliveries = await connected.deliveries(job, 2)
    assert [(one["connector"], one["state"]) for one in deliveries] == [("telegram", "delivered")] * 2
    assert connected.services.refused() == []


async def test_a_subscription_tells_of_a_job_that_asks_for_no_mail(connected: Connected) -> None:
    await connected.link("ben")
    await connected.me("ben", "subscribe", "telegram", "--failures")
    submit = connected.site.cluster.submit
    fine = await asyncio.to_thread(submit, "ben", "#!/bin/sh\n", *QUIET, "--job-name=fine")
    job = await asyncio.to_thread(submit, "ben", FAIL, *QUIET, "--job-name=silent")
    (told,) = await connected.told("telegram", job, 1)
    assert told.target == str(TELEGRAM["ben"])
    assert told.title.endswith(f'Failed (exit code 3): job {job} "silent"')
    assert [one["state"] for one in await connected.deliveries(job, 1)] == ["delivered"]
    assert [one for one in await connected.services.got() if one.is_about(fine)] == []
    assert connected.services.refused() == []
