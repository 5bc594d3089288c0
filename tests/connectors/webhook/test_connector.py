from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path

import pytest

from headgate.connectors.samples import FAILED
from headgate.connectors.webhook.connector import WebhookConnector
from headgate.connectors.webhook.payload import verify
from headgate.connectors.webhook.settings import WebhookSettings
from headgate.errors import ConnectorError, RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, GiveUp, Outcome, TryAgain
from headgate.testing.http.sink import Answer, AnswerRaw, HttpSink
from headgate.testing.smtp.certificate import make_certificate

SECRET = "0123456789abcdef"


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with HttpSink() as sink:
        yield sink


def connector(sink: HttpSink, **changes: object) -> WebhookConnector:
    """Make a connector with one endpoint."""
    endpoint = {"url": f"{sink.url}/in?k=v", "secret": SECRET, "headers": {"X-Own": "yes"}}
    given = {"endpoints": {"ops": endpoint}, "timeout": 0.5}
    return WebhookConnector("webhook", WebhookSettings.model_validate(given | changes))


async def commit() -> None:
    """Nothing to wait for."""


async def send(webhook: WebhookConnector, target: str = "ops") -> Outcome:
    """Send once, and close."""
    outcome = await webhook.send(Envelope(target, FAILED, "d-1"), commit)
    await webhook.aclose()
    return outcome


async def test_a_message_is_posted_signed_and_with_its_key(sink: HttpSink) -> None:
    assert await send(connector(sink)) == Delivered()
    (request,) = sink.requests
    assert (request.method, request.path) == ("POST", "/in?k=v")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == "d-1"
    assert request.headers["x-own"] == "yes"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["user-agent"].startswith("headgate/")
    timestamp = int(request.headers["headgate-timestamp"])
    assert verify(request.body, timestamp, request.headers["headgate-signature"], secret=SECRET, now=time.time())
    assert request.json["recipient"] == "webhook:ops"


async def test_without_a_secret_nothing_is_signed(sink: HttpSink) -> None:
    assert await send(connector(sink, endpoints={"ops": {"url": sink.url}})) == Delivered()
    assert "headgate-signature" not in sink.requests[0].headers


async def test_one_connection_serves_many_messages(sink: HttpSink) -> None:
    webhook = connector(sink)
    for number in range(10):
        assert await webhook.send(Envelope("ops", FAILED, f"d-{number}"), commit) == Delivered()
    await webhook.aclose()
    assert sink.connections == 1


async def test_redirects_are_not_followed(sink: HttpSink) -> None:
    async with HttpSink() as elsewhere:
        sink.script(Answer(307, {"Location": elsewhere.url}))
        outcome = await send(connector(sink))
        assert isinstance(outcome, GiveUp)
        assert "redirect" in outcome.detail
        assert not elsewhere.requests


async def test_a_job_cannot_name_an_address(sink: HttpSink) -> None:
    webhook = connector(sink)
    for target in (sink.url, f"{sink.url}/in?k=v", "OPS", "ops ", "ops/../x"):
        with pytest.raises(RecipientError):
            webhook.check_target(target)
        outcome = await webhook.send(Envelope(target, FAILED, "d-1"), commit)
        assert isinstance(outcome, GiveUp)
        assert outcome.reason is Reason.TARGET_REFUSED
    await webhook.aclose()
    assert not sink.requests


async def test_retry_after_as_a_date_is_counted_from_now(sink: HttpSink) -> None:
    sink.script(Answer(503, {"Retry-After": formatdate(time.time() + 3600, usegmt=True)}))
    outcome = await send(connector(sink))
    assert isinstance(outcome, TryAgain)
    assert outcome.after is not None
    assert 3500 < outcome.after <= 3600


async def test_a_delivered_message_stays_delivered_whatever_follows_the_status(sink: HttpSink) -> None:
    for behaviour in (
        AnswerRaw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        AnswerRaw(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n", stay=True),
        AnswerRaw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk"),
        AnswerRaw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
    ):
        sink.script(behaviour)
        assert await send(connector(sink)) == Delivered()


async def test_a_refusal_that_breaks_off_still_counts(sink: HttpSink) -> None:
    sink.script(AnswerRaw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nhalf a reason"))
    outcome = await send(connector(sink))
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.TARGET_REFUSED
    assert "half a reason" in outcome.detail


async def test_a_refusal_whose_text_never_comes_still_counts(sink: HttpSink) -> None:
    sink.script(AnswerRaw(b"HTTP/1.1 410 Gone\r\nContent-Length: 100\r\n\r\n", stay=True))
    outcome = await send(connector(sink))
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.TARGET_REFUSED


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n",
        b"\x00" * 1000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_bad_answer(sink: HttpSink, data: bytes) -> None:
    sink.script(AnswerRaw(data))
    outcome = await send(connector(sink, timeout=20.0))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.BAD_ANSWER


async def test_proxies_of_the_environment_are_not_used(sink: HttpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await send(connector(sink)) == Delivered()


async def test_a_proxy_that_is_set_is_used() -> None:
    async with HttpSink() as proxy:
        endpoints = {"ops": {"url": "http://receiver.invalid/in"}}
        assert await send(connector(proxy, endpoints=endpoints, proxy=proxy.url)) == Delivered()
        assert proxy.requests[0].path == "http://receiver.invalid/in"


async def test_certificates_are_checked(tmp_path: Path) -> None:
    certificate = await make_certificate(tmp_path)
    async with HttpSink(tls=certificate.server_context()) as sink:
        outcome = await send(connector(sink))
        assert isinstance(outcome, TryAgain)
        assert outcome.reason is Reason.UNREACHABLE
        assert await send(connector(sink, ca_file=certificate.certificate)) == Delivered()


async def test_authorities_that_cannot_be_read_are_found_at_start(sink: HttpSink, tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="ca_file"):
        connector(sink, ca_file=tmp_path / "missing.pem")


async def test_one_endpoint_that_hangs_holds_up_no_other(sink: HttpSink) -> None:
    async with HttpSink(default=AnswerRaw(b"", stay=True)) as silent:
        endpoints = {"ops": {"url": sink.url}, "silent": {"url": silent.url}}
        webhook = connector(sink, endpoints=endpoints, concurrency=8)
        sends = [webhook.send(Envelope(target, FAILED, target), commit) for target in ("silent", "ops") * 3]
        outcomes = await asyncio.gather(*sends)
        await webhook.aclose()
        assert [isinstance(outcome, Delivered) for outcome in outcomes] == [False, True] * 3


async def test_what_would_be_posted_can_be_looked_at_without_any_secret(sink: HttpSink) -> None:
    webhook = connector(sink)
    shown = webhook.render(Envelope("ops", FAILED, "d-1"))
    await webhook.aclose()
    assert json.loads(shown.payload)["message"]["title"] == FAILED.title
    assert SECRET not in shown.payload + shown.html
    assert sink.requests == []
