from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from headgate.connectors.apprise.connector import AppriseConnector
from headgate.connectors.apprise.settings import AppriseSettings
from headgate.connectors.samples import FAILED, SAMPLES
from headgate.errors import ConnectorError, RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, Outcome, Renders, TryAgain
from headgate.testing.conformance.observers import Commits
from headgate.testing.http.sink import Answer, Hang, HttpSink

SECRET = "a-secret-in-the-address"


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with HttpSink() as sink:
        yield sink


def connector_to(*urls: str, **settings: object) -> AppriseConnector:
    targets = {f"t{number}": {"url": url} for number, url in enumerate(urls)}
    return AppriseConnector("any", AppriseSettings.model_validate({"targets": targets, "timeout": 5, **settings}))


def json_url(sink: HttpSink, query: str = "") -> str:
    return f"json://{sink.url.removeprefix('http://')}/{SECRET}{query}"


async def send(connector: AppriseConnector, key: str = "key-1") -> Outcome:
    return await connector.send(Envelope("t0", FAILED, key), Commits())


def children() -> set[str]:
    """Return the processes this one has started and not yet seen the end of."""
    listed = subprocess.run(
        ["/bin/ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    )
    return {line for line in listed.stdout.splitlines() if "apprise.worker" in line}


def environment_of(process: str) -> bytes:
    return Path(f"/proc/{process.split(maxsplit=1)[0]}/environ").read_bytes()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_service_gets_title_body_and_kind(sink: HttpSink) -> None:
    connector = connector_to(json_url(sink))
    assert await send(connector) == Delivered()
    await connector.aclose()
    sent = sink.requests[0].json
    assert sent["title"] == '✖ Failed (exit code 2): job 1051492 "train_model"'
    assert "- Partition: gpu" in sent["message"]
    assert sent["type"] == "failure"


@pytest.mark.parametrize(("form", "mark"), [("html", "<br>"), ("markdown", "\\_"), ("text", "CPU: 41%")])
async def test_the_body_has_the_form_that_the_address_asks_for(sink: HttpSink, form: str, mark: str) -> None:
    connector = connector_to(json_url(sink, f"?format={form}"))
    message = FAILED.model_copy(update={"summary": "snake_case"})
    await connector.send(Envelope("t0", message, "k"), Commits())
    rendered = json.loads(connector.render(Envelope("t0", message, "k")).payload)
    await connector.aclose()
    assert mark in sink.requests[0].json["message"]
    assert rendered["body"] == sink.requests[0].json["message"]


async def test_a_process_is_kept_and_ends_with_the_connector(sink: HttpSink) -> None:
    connector = connector_to(json_url(sink))
    for number in range(3):
        assert await send(connector, f"key-{number}") == Delivered()
    assert len(children()) == 1
    await connector.aclose()
    assert not children()


async def test_there_are_no_more_processes_than_may_send_at_once(sink: HttpSink) -> None:
    connector = connector_to(json_url(sink), concurrency=2)
    assert set(await asyncio.gather(*(send(connector, f"key-{number}") for number in range(6)))) == {Delivered()}
    assert len(children()) <= 2
    await connector.aclose()


async def test_a_cancelled_send_ends_its_process(sink: HttpSink) -> None:
    connector = connector_to(json_url(sink))
    sink.script(Hang())
    sending = asyncio.create_task(send(connector))
    await until(lambda: sink.requests)
    sending.cancel()
    await asyncio.wait([sending])
    assert sending.cancelled()
    assert not children()
    assert await send(connector, "key-2") == Delivered()
    await connector.aclose()


async def test_nobody_can_see_the_address_among_the_processes(sink: HttpSink) -> None:
    connector = connector_to(json_url(sink))
    await send(connector)
    shown = children()
    environments = [environment_of(line) for line in shown]
    await connector.aclose()
    assert shown
    assert SECRET not in str(shown) + str(environments)


async def test_a_process_gets_nothing_of_our_environment(sink: HttpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HEADGATE_TOKEN", "of-no-concern-to-apprise")
    connector = connector_to(json_url(sink))
    assert await send(connector) == Delivered()
    (process,) = children()
    environment = environment_of(process)
    await connector.aclose()
    assert b"HTTP_PROXY" not in environment
    assert b"of-no-concern-to-apprise" not in environment


async def test_one_service_that_hangs_does_not_hold_up_another(sink: HttpSink) -> None:
    async with HttpSink(default=Hang()) as silent:
        connector = connector_to(json_url(sink), json_url(silent), timeout=20)
        waiting = asyncio.create_task(connector.send(Envelope("t1", FAILED, "k1"), Commits()))
        await until(lambda: silent.requests)
        assert await send(connector) == Delivered()
        assert not waiting.done()
        waiting.cancel()
        await asyncio.wait([waiting])
        await connector.aclose()


async def test_a_refusal_inside_an_answer_of_200_is_tried_again(sink: HttpSink) -> None:
    sink.default = Answer(200, body=b'{"status": "error"}')
    host = sink.url.removeprefix("http://")
    connector = connector_to(f"rocket://user:password-of-it@{host}/#channel")
    outcome = await send(connector)
    await connector.aclose()
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.SERVICE_ERROR
    assert "password-of-it" not in outcome.detail


@pytest.mark.parametrize("url", ["nosuchservice://host/token-token", "discord://token-token", "tgram://token-token/1"])
def test_an_address_that_apprise_cannot_use_is_found_at_once_and_not_shown(url: str) -> None:
    with pytest.raises(ConnectorError, match=r"targets\.t0\.url") as caught:
        connector_to(url)
    assert "token-token" not in str(caught.value)


async def test_only_configured_names_are_targets() -> None:
    connector = connector_to("json://localhost/x")
    assert connector.check_target("t0") == "t0"
    for target in ("t1", "json://localhost/x", ""):
        with pytest.raises(RecipientError):
            connector.check_target(target)
    await connector.aclose()


@pytest.mark.parametrize("name", SAMPLES)
async def test_rendering_starts_nothing_and_shows_no_address(name: str) -> None:
    connector = connector_to(f"json://localhost/{SECRET}")
    assert isinstance(connector, Renders)
    rendition = connector.render(Envelope("t0", SAMPLES[name], "k"))
    assert not children()
    await connector.aclose()
    assert json.loads(rendition.payload)["service"] == "JSON"
    assert SECRET not in rendition.payload + rendition.html


async def test_the_sites_template_is_escaped_for_the_form(tmp_path: Path) -> None:
    (tmp_path / "message.j2").write_text("job {{ message.job.name }}")
    connector = connector_to("json://localhost/x?format=markdown", templates=tmp_path)
    body = json.loads(connector.render(Envelope("t0", FAILED, "k")).payload)["body"]
    await connector.aclose()
    assert body == "job train\\_model"
