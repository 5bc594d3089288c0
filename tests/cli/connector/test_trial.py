from __future__ import annotations

import json
from pathlib import Path

from headgate.connectors.samples import SAMPLES
from headgate.testing.smtp.behaviour import Step
from headgate.testing.smtp.sink import SmtpSink
from tests.cli.connector.conftest import Run


async def test_a_sample_arrives(run: Run, sink: SmtpSink) -> None:
    done = await run("test", "mailto", "ada", "--sample", "failed")
    assert (done.status, done.out, done.err) == (0, "sample 'failed' to ada@example.org: delivered 2.0.0 kept\n", "")
    (mail,) = sink.mails
    assert mail.recipients == ("ada@example.org",)
    assert "This is a sample" in mail.raw.decode()


async def test_several_samples_arrive_in_order(run: Run, sink: SmtpSink) -> None:
    await run("test", "mailto", "ada", "--sample", "digest", "--sample", "succeeded")
    assert [mail.message["X-Headgate-Outcome"] for mail in sink.mails] == ["neutral", "succeeded"]


async def test_a_refusal_is_told_and_is_the_exit_status(run: Run, sink: SmtpSink) -> None:
    sink.script(Step.RCPT, "550 5.1.1 no such user")
    done = await run("test", "mailto", "ada", "--sample", "failed", "--json")
    assert done.status == 1
    assert json.loads(done.out) == [
        {
            "sample": "failed",
            "target": "ada@example.org",
            "outcome": "refused",
            "reason": "target_refused",
            "detail": "RCPT: 550 5.1.1 no such user",
        }
    ]


async def test_a_service_that_is_away_is_told(run: Run) -> None:
    done = await run("test", "hook", "ops")
    assert done.status == 1
    assert done.out.startswith("sample 'failed' to ops: not now (unreachable) ConnectError")
    assert "a-token" not in done.out + done.err


async def test_a_target_that_is_not_taken_is_told_before_anything_is_sent(run: Run, sink: SmtpSink) -> None:
    done = await run("test", "mailto", "root")
    assert (done.status, done.err) == (1, "headgate: mail to root@example.org is blocked on this site\n")
    assert sink.connections == 0


async def test_without_a_choice_one_of_each_kind_arrives(run: Run, sink: SmtpSink) -> None:
    await run("test", "mailto", "ada")
    assert [mail.message["X-Headgate-Outcome"] for mail in sink.mails] == [
        message.outcome.value for message in SAMPLES.values()
    ]


async def test_what_would_be_sent_can_be_looked_at(run: Run, sink: SmtpSink, tmp_path: Path) -> None:
    done = await run("test", "mailto", "ada", "--sample", "failed", "--render", str(tmp_path / "look"))
    assert done.status == 0
    assert done.out.splitlines() == [str(tmp_path / "look" / name) for name in ("failed.eml", "failed.html")]
    assert b"train_model" in (tmp_path / "look" / "failed.eml").read_bytes()
    assert sink.connections == 0
