from __future__ import annotations

import asyncio
import http.client
import io
import json
from collections.abc import Iterator
from threading import Thread

import pytest
import requests
import urllib3

from headgate.connectors.apprise import worker
from headgate.connectors.apprise.loading import load_services
from headgate.connectors.apprise.report import Trouble, read_report
from headgate.connectors.apprise.worker import MAX_ANSWER, notify, serve, trouble_of
from headgate.testing.http.sink import Answer, AnswerForEver, HttpSink


@pytest.fixture(autouse=True)
def own_send() -> Iterator[None]:
    """Put back what a worker, which has a process of its own, does not need to."""
    load_services()
    send = requests.Session.send
    yield
    requests.Session.send = send  # type: ignore[method-assign]


def job(url: str, **parts: object) -> dict[str, object]:
    whole = {"url": url, "title": "t", "body": "b", "form": "text", "type": "info", "key": "k", "timeout": 5.0}
    return {**whole, **parts}


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (requests.ConnectTimeout(), Trouble.TIMEOUT),
        (requests.ReadTimeout(), Trouble.TIMEOUT),
        (requests.ConnectionError(ConnectionResetError()), Trouble.UNREACHABLE),
        (
            requests.ConnectionError(urllib3.exceptions.ProtocolError("x", http.client.BadStatusLine("x"))),
            Trouble.NONSENSE,
        ),
        (requests.ConnectionError(http.client.RemoteDisconnected("x")), Trouble.UNREACHABLE),
        (requests.ConnectionError("name or service not known"), Trouble.UNREACHABLE),
    ],
    ids=str,
)
def test_errors_are_told_apart(error: Exception, trouble: Trouble) -> None:
    assert trouble_of(error) is trouble


async def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = worker._read

    def reading(response: requests.Response, timeout: float) -> None:
        real(response, timeout)
        read.append(len(response.content))

    monkeypatch.setattr(worker, "_read", reading)
    async with HttpSink(default=AnswerForEver(500)) as sink:
        report = await asyncio.to_thread(notify, job(f"json://{sink.url.removeprefix('http://')}/"))
    assert (report.delivered, report.status) == (False, 500)
    assert MAX_ANSWER <= read[0] < MAX_ANSWER + 65536


async def test_a_refusal_is_reported_with_its_wait_and_words() -> None:
    async with HttpSink(default=Answer(429, {"Retry-After": "7"}, b"slow down")) as sink:
        report = await asyncio.to_thread(notify, job(f"json://{sink.url.removeprefix('http://')}/"))
    assert (report.status, report.after, report.said) == (429, "7", "slow down")


def test_an_address_apprise_does_not_know_is_not_delivered() -> None:
    assert not notify(job("nosuchservice://x")).delivered


def test_nonsense_from_headgate_does_not_end_the_process() -> None:
    report = notify(job("json://localhost:1/", form="no such form"))
    assert not report.delivered
    assert "ValueError" in report.said


def test_a_worker_says_that_it_is_ready_and_reports_each_job() -> None:
    jobs = b"".join(json.dumps(job("nosuchservice://x")).encode() + b"\n" for _ in range(2))
    reports = io.BytesIO()
    serving = Thread(target=serve, args=(io.BytesIO(jobs), reports))
    serving.start()
    serving.join()
    ready, *lines = reports.getvalue().splitlines(keepends=True)
    assert ready == b"ready\n"
    assert [read_report(line).delivered for line in lines] == [False, False]
