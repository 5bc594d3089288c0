"""One id from a webhook to what somebody is told, in the logs of a service that is killed on the way."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import httpx2

from headgate.gateway.apps import Apps
from headgate.rules.reading import CURSOR
from headgate.store import cursors
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.smtp.behaviour import Say, Step
from headgate.testing.smtp.sink import SmtpSink
from tests.builds.incoming.test_intake import note
from tests.service.running import RunningHeadgate, mail_only
from tests.telemetry.receiver import Receiver

RULE = """\
name: tell
pack: site
enabled: true
trigger: {type: pull_request.comment}
action: {ref: notify.send, parameters: {to: ["mailto:ada@example.org"], title: "Somebody wants a build"}}
"""
SECRET = "of the webhook"


def prepared(url: str) -> None:
    """Make a store whose rules are known to be on since before anything happened."""
    store = Store(url)
    try:
        migrate(store)
        store.write_now(lambda connection: cursors.set_once(connection, CURSOR, 0.0))
    finally:
        store.close()


def service(directory: Path, sink: SmtpSink, receiver: Receiver) -> RunningHeadgate:
    (directory / "rules.d").mkdir()
    (directory / "rules.d" / "tell.yaml").write_text(RULE)
    (directory / "jobs").mkdir()
    url = f"sqlite:///{directory}/headgate.db"
    prepared(url)
    tables: dict[str, dict[str, Any]] = mail_only(directory, url, sink.port)
    tables |= {
        "rules": {"directory": str(directory / "rules.d")},
        "builds.jobs": {"user": "builder", "directory": str(directory / "jobs")},
        "builds.targets.zen4": {"architecture": "x86_64/amd/zen4", "repositories": ["site"]},
        "builds.forges.lab": {
            "kind": "gitlab", "url": "http://127.0.0.1:9", "token": "glpat-none", "webhook_secret": SECRET,
        },
    }  # fmt: skip
    tables["telemetry"] = {"endpoint": receiver.url, "service_name": "headgate-test"}
    tables["service"]["parts"] = ["http", "rules", "worker"]
    return RunningHeadgate(directory, tables)


async def until(running: RunningHeadgate, event: str) -> None:
    async with asyncio.timeout(120):
        while not running.events(event):
            await asyncio.sleep(0.02)


async def test_one_id_leads_from_the_webhook_to_the_mail_through_a_kill(tmp_path: Path) -> None:
    delivery = str(uuid.uuid4())
    async with Receiver() as receiver, SmtpSink() as sink, service(tmp_path, sink, receiver) as running:
        sink.choose = lambda step, _: Say("451 4.3.0 later") if step is Step.MAIL else None
        await until(running, "http.listening")
        headers = {"X-Gitlab-Token": SECRET, "X-Gitlab-Event": "Note Hook", "X-Gitlab-Event-UUID": delivery}
        async with httpx2.AsyncClient() as client:
            answer = await client.post(f"http://127.0.0.1:{running.port}/gitlab/webhook", json=note(), headers=headers)
        assert (answer.status_code, answer.json()) == (202, {"outcome": "new"})
        await until(running, "delivery.retried")
        await running.kill()
        sink.choose = None
        await running.start()
        await until(running, "delivery.delivered")
        assert len(sink.mails) == 1
        mine = [line for line in running.lines() if line.get("trace") == delivery]
        wanted = [
            "event.written",
            "webhook.taken",
            "execution.begun",
            "action.called",
            "step.done",
            "delivery.retried",
            "delivery.delivered",
        ]
        assert {line["event"] for line in mine} >= set(wanted)
        in_order = [name for name in wanted if name not in ("webhook.taken", "step.done")]
        assert [name for name in dict.fromkeys(line["event"] for line in mine) if name in in_order] == in_order
        comment, notice = (line["event_id"] for line in mine if line["event"] == "event.written")
        assert [line["event_id"] for line in mine if line["event"] == "execution.begun"] == [comment]
        told = [line for line in mine if line["event"].startswith("delivery.")]
        assert {(line["event_id"], line["delivery"]) for line in told} == {(notice, told[0]["delivery"])}
        assert await running.stop() == 0
        spans = {one.name: one for one in receiver.spans if one.trace == delivery.replace("-", "")}
        assert "deliver mailto" in spans  # of the second process: the first had no time to send its own
        assert spans["deliver mailto"].resource["service.name"] == "headgate-test"


async def test_a_trace_of_a_request_holds_what_it_brought_about(tmp_path: Path) -> None:
    delivery = str(uuid.uuid4())
    async with Receiver() as receiver, SmtpSink() as sink, service(tmp_path, sink, receiver) as running:
        await until(running, "http.listening")
        headers = {"X-Gitlab-Token": SECRET, "X-Gitlab-Event": "Note Hook", "X-Gitlab-Event-UUID": delivery}
        async with httpx2.AsyncClient() as client:
            await client.post(f"http://127.0.0.1:{running.port}/gitlab/webhook", json=note(), headers=headers)
        await until(running, "delivery.delivered")
        assert await running.stop() == 0
        spans = {one.name: one for one in receiver.spans if one.trace == delivery.replace("-", "")}
        assert {"POST /gitlab/webhook", "action notify.send", "deliver mailto"} <= set(spans)
        request = spans["POST /gitlab/webhook"]
        assert (request.attributes["http.response.status_code"], request.failed) == (202, False)
        assert spans["action notify.send"].attributes["headgate.rule"] == "site.tell"
        assert "ada@example.org" not in repr(receiver.spans)


async def test_a_receiver_that_is_away_holds_nothing_up(tmp_path: Path) -> None:
    async with Receiver() as receiver, SmtpSink() as sink:
        running = service(tmp_path, sink, receiver)
        running.config.write_text(running.config.read_text().replace(receiver.url, "http://127.0.0.1:9"))
        async with running:
            await until(running, "http.listening")
            headers = {"X-Gitlab-Token": SECRET, "X-Gitlab-Event": "Note Hook"}
            async with httpx2.AsyncClient() as client:
                await client.post(f"http://127.0.0.1:{running.port}/gitlab/webhook", json=note(), headers=headers)
            await until(running, "delivery.delivered")
            assert await running.stop() == 0
    assert len(sink.mails) == 1


async def test_a_clients_own_id_is_on_all_that_its_call_of_an_action_brought_about(tmp_path: Path) -> None:
    async with Receiver() as receiver, SmtpSink() as sink:
        running = service(tmp_path, sink, receiver)
        text = running.config.read_text().replace('["http", "rules", "worker"]', '["http", "api", "worker"]')
        running.config.write_text(f'{text}\n[executor]\nway = "self"\nroots = ["{tmp_path}/jobs"]\n')
        async with running:
            await until(running, "http.listening")
            store = Store(f"sqlite:///{tmp_path}/headgate.db")
            try:
                _, token = await Apps(store).give_token(None, "admin")
            finally:
                await asyncio.to_thread(store.close)
            headers = {"X-Auth-Token": token, "X-Request-ID": "portal-4711"}
            asked = {"parameters": {"to": ["mailto:ada@example.org"], "title": "It is done"}}
            address = f"http://127.0.0.1:{running.port}/actions/notify.send"
            async with httpx2.AsyncClient() as client, asyncio.timeout(60):
                while (answer := await client.post(address, json=asked, headers=headers)).status_code == 503:
                    await asyncio.sleep(0.05)
            assert (answer.status_code, answer.headers["X-Request-ID"]) == (200, "portal-4711")
            await until(running, "delivery.delivered")
        mine = [line["event"] for line in running.lines() if line.get("trace") == "portal-4711"]
        assert list(dict.fromkeys(mine)) == ["event.written", "action.called", "delivery.delivered"]
