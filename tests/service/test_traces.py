"""One id from a webhook to what somebody is told, in the logs of a service that is killed on the way."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

import httpx2

from headgate.testing.smtp.behaviour import Say, Step
from headgate.testing.smtp.sink import SmtpSink
from tests.builds.incoming.test_intake import note
from tests.service.running import RunningHeadgate, mail_only

RULE = """\
name: tell
pack: site
enabled: true
trigger: {type: pull_request.comment}
action: {ref: notify.send, parameters: {to: ["mailto:ada@example.org"], title: "Somebody wants a build"}}
"""
SECRET = "of the webhook"


def service(directory: Path, sink: SmtpSink) -> RunningHeadgate:
    (directory / "rules.d").mkdir()
    (directory / "rules.d" / "tell.yaml").write_text(RULE)
    (directory / "jobs").mkdir()
    tables: dict[str, dict[str, Any]] = mail_only(directory, f"sqlite:///{directory}/headgate.db", sink.port)
    tables |= {
        "rules": {"directory": str(directory / "rules.d")},
        "builds.jobs": {"user": "builder", "directory": str(directory / "jobs")},
        "builds.targets.zen4": {"architecture": "x86_64/amd/zen4", "repositories": ["site"]},
        "builds.forges.lab": {
            "kind": "gitlab", "url": "http://127.0.0.1:9", "token": "glpat-none", "webhook_secret": SECRET,
        },
    }  # fmt: skip
    tables["service"]["parts"] = ["http", "rules", "worker"]
    return RunningHeadgate(directory, tables)


async def until(running: RunningHeadgate, event: str) -> None:
    async with asyncio.timeout(60):
        while not running.events(event):
            await asyncio.sleep(0.02)


async def test_one_id_leads_from_the_webhook_to_the_mail_through_a_kill(tmp_path: Path) -> None:
    delivery = str(uuid.uuid4())
    async with SmtpSink() as sink, service(tmp_path, sink) as running:
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
        in_order = [
            name for name in wanted if name not in ("webhook.taken", "step.done")
        ]  # those come when they are due
        assert [name for name in dict.fromkeys(line["event"] for line in mine) if name in in_order] == in_order
        comment, notice = (line["event_id"] for line in mine if line["event"] == "event.written")
        assert [line["event_id"] for line in mine if line["event"] == "execution.begun"] == [comment]
        told = [line for line in mine if line["event"].startswith("delivery.")]
        assert {(line["event_id"], line["delivery"]) for line in told} == {(notice, told[0]["delivery"])}
