"""The command line, signals and the HTTP server, on a whole site that has told about a few jobs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from headgate.testing.cluster import Cluster
from headgate.testing.http.sink import HttpSink
from tests.real.site import SLEEP, Site, command_environment

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True, slots=True)
class Told:
    """A site that has told about two jobs; of the second, ``pigeon:coop`` should have been told, too."""

    site: Site
    good: int
    bad: int

    async def dead(self) -> dict[str, Any]:
        """Return the delivery that is dead."""
        [found] = await self.site.ask("delivery", "list", "--json", "--connector=pigeon", f"--job={self.bad}")
        return dict(found)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(slurm_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    async with Site(slurm_cluster, tmp_path_factory.mktemp("cli")) as site:
        good = await site.submit("ada", "#!/bin/sh\nsleep 1\n", "--job-name=good")
        bad = await site.submit("ben", "#!/bin/sh\nexit 3\n", "--mail-user=ben,pigeon:coop", mail="FAIL")
        await site.told(good, "started", "succeeded")
        await site.told(bad, "failed")
        for job in (good, bad):
            await site.event(job, "job.ended", lambda event: len(event["witnesses"]) > 1)
        yield Told(site, good, bad)


async def test_events_are_listed_and_chosen_by_kind_job_user_and_time(told: Told) -> None:
    ask, job = told.site.ask, f"--job={told.good}"
    listed = await ask("event", "list", "--json", job)
    assert [event["kind"] for event in listed].count("mail.requested") == 2
    assert listed == await told.site.events(told.good)
    [ended] = await ask("event", "list", "--json", job, "--kind=job.ended")
    assert ended["data"]["state"] == "COMPLETED"
    assert {event["user"] for event in await ask("event", "list", "--json", "--user=ben", "--kind=job.*")} == {"ben"}
    assert await ask("event", "list", "--json", job, "--until=1d") == []
    assert len(await ask("event", "list", "--json", job, "--since=1h")) == len(listed)
    status, table, _ = await told.site.run("event", "list", job, "--kind=job.ended")
    assert status == 0
    assert "state=COMPLETED" in table
    assert "watcher" in table


async def test_an_event_is_shown_with_who_saw_it_and_what_followed(told: Told) -> None:
    [mail] = await told.site.ask("event", "list", "--json", f"--job={told.bad}", "--kind=mail.requested")
    shown = await told.site.ask("event", "show", "--json", str(mail["id"]))
    assert {item["recipient"]: item["state"] for item in shown["deliveries"]} == {
        "mailto:ben@example.org": "delivered",
        "pigeon:coop": "dead",
    }
    status, text, _ = await told.site.run("event", "show", str(mail["id"]))
    assert (status, "pigeon:coop: dead" in text, "mail at" in text) == (0, True, True)
    status, _, complaint = await told.site.run("event", "show", "999999")
    assert status != 0
    assert "there is no event 999999" in complaint


async def test_events_are_followed_as_they_come(told: Told) -> None:
    process = await asyncio.create_subprocess_exec(
        *told.site.argv("event", "follow", "--json", "--past=0", "--kind=job.*", "--user=ben"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=command_environment() | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        seen: list[str] = []
        async with asyncio.timeout(60):
            while "job.submitted" not in seen:
                # Until one was seen, the command may not have begun to follow.
                job = await told.site.submit("ben", SLEEP, "--hold", mail="NONE")
                await told.site.event(job, "job.submitted")
                await told.site.as_user("ben", "scancel", str(job))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(5):
                        event = json.loads(await process.stdout.readline())
                        assert event["user"] == "ben"
                        seen.append(event["kind"])
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(20):
            _, complaint = await process.communicate()
        assert b"Traceback" not in complaint
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_delivery_is_shown_with_its_message_or_why_there_is_none(told: Told) -> None:
    good, *_ = await told.site.deliveries(told.good)
    status, text, _ = await told.site.run("delivery", "show", str(good["id"]))
    assert status == 0
    assert f'Started: job {told.good} "good"' in text
    dead = await told.dead()
    assert (dead["state"], dead["reason"]) == ("dead", "unknown_connector")
    shown = await told.site.ask("delivery", "show", "--json", str(dead["id"]))
    assert shown["detail"] == "no connector is called 'pigeon' (there are: mailto)"


async def test_a_record_that_cannot_be_read_is_kept_and_can_be_seen_and_dropped(told: Told) -> None:
    (told.site.spool / "nonsense").write_bytes(b"\x00 no record")
    await told.site.logged("mail.record_set_aside")
    [aside] = await told.site.ask("spool", "list", "--json")
    assert aside["state"] == "set aside"
    status, text, _ = await told.site.run("spool", "show", aside["name"])
    assert status == 0
    assert "Problem" in text
    assert await told.site.ask("spool", "drop", "--json", aside["name"]) == {"dropped": [aside["name"]]}
    assert await told.site.ask("spool", "list", "--json") == []


async def test_the_configuration_is_checked_and_a_mistake_is_named(told: Told) -> None:
    status, _, _ = await told.site.run("config", "check")
    assert status == 0
    wrong = told.site.directory / "wrong.toml"
    wrong.write_text(told.site.headgate.config.read_text().replace("min_interval", "min_intervall"))
    process = await asyncio.create_subprocess_exec(
        *(str(wrong) if word == str(told.site.headgate.config) else word for word in told.site.argv("config", "check")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=command_environment(),
    )
    said, _ = await process.communicate()
    assert process.returncode != 0
    assert b"min_intervall" in said
    assert (
        b"min_interval?" in said or b"min_interval\n" in said or b"'min_interval'" in said or b"`min_interval`" in said
    )


async def test_the_store_says_where_it_is_and_how_much_is_in_it(told: Told) -> None:
    shown = await told.site.ask("store", "show", "--json")
    assert shown["url"] == told.site.url
    assert shown["events"] >= 6


async def test_the_http_server_says_how_headgate_is(told: Told) -> None:
    health, ready, metrics = [await told.site.headgate.get(path) for path in ("/healthz", "/readyz", "/metrics")]
    assert (health.status_code, health.text) == (200, "ok\n")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert 'headgate_backlog{connector="pigeon",state="dead"} 1.0' in metrics.text
    assert 'headgate_watcher_ticks_total{result="answered"}' in metrics.text


async def test_a_reload_brings_a_connector_by_which_a_dead_delivery_can_be_retried(told: Told) -> None:
    site, dead = told.site, await told.dead()
    async with HttpSink() as sink:
        endpoint = {"connectors.pigeon.endpoints.coop": {"url": f"{sink.url}/landing"}}
        site.headgate.write({**site.tables, "connectors.pigeon": {"kind": "webhook"}, **endpoint})
        site.headgate.signal(signal.SIGHUP)
        await site.logged("service.reloaded")
        assert await site.ask("delivery", "retry", "--json", str(dead["id"])) == {
            "retried": [dead["id"]],
            "left_alone": 0,
        }
        async with asyncio.timeout(60):
            while not sink.requests:
                await asyncio.sleep(0.1)
            while (await told.dead())["state"] != "delivered":
                await asyncio.sleep(0.2)
        [request] = sink.requests
        assert f"job {told.bad}" in request.body.decode()
    after = await site.submit("ada", "#!/bin/sh\n", mail="END")
    await site.told(after, "succeeded")


async def test_a_wrong_configuration_is_not_taken_over(told: Told) -> None:
    site = told.site
    site.headgate.write({**site.tables, "watcher": {"interval": "often"}})
    site.headgate.signal(signal.SIGHUP)
    await site.logged("service.not_reloaded")
    site.headgate.write(site.tables)
    job = await site.submit("ada", "#!/bin/sh\n", mail="END")
    await site.told(job, "succeeded")


async def test_a_delivery_that_waits_can_be_dropped_and_is_not_sent(told: Told) -> None:
    site = told.site
    site.commands.make("sacct", "fail")
    try:
        job = await site.submit("ada", "#!/bin/sh\n", mail="END")
        await site.event(job, "mail.requested")
        [waiting] = await site.deliveries(job)
        dropped = await site.ask("delivery", "drop", "--json", "--why=enough", f"--job={job}")
        assert dropped["dropped"] == [waiting["id"]]
    finally:
        site.commands.make("sacct")
    after = await site.submit("ada", "#!/bin/sh\n", mail="END")
    await site.told(after, "succeeded")
    [item] = await site.deliveries(job)
    assert (item["state"], item["reason"], item["detail"]) == ("dropped", "operator", "enough")
    assert site.mails(job) == []


async def test_sigterm_ends_it_within_the_deadline_with_status_0(told: Told) -> None:
    site = told.site
    site.commands.make("squeue", "hang")
    try:
        await site.submit("ada", "#!/bin/sh\n", mail="END")
        assert await site.headgate.stop() == 0
    finally:
        site.commands.make("squeue")
    assert not [line for line in site.headgate.lines() if line.get("event") == "part.failed"]
