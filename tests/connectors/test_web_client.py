"""Requests of connectors, on a real socket: what comes back, and where it ends."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

import headgate
from headgate.connectors.web_client import FAILURES, WebClient
from headgate.testing.http.sink import Answer, AnswerForEver, AnswerRaw, Hang, HttpSink, Reset


@pytest.fixture
async def sink() -> AsyncIterator[HttpSink]:
    async with HttpSink() as sink:
        yield sink


async def exchange(sink: HttpSink, *, given: dict[str, Any] | None = None, **settings: Any) -> Any:
    client = WebClient(**{"timeout": 5.0, "connections": 1, "root": f"{sink.url}/api/", **settings})
    try:
        return await client.exchange("POST", "things", **(given or {}))
    finally:
        await client.aclose()


async def test_an_answer_comes_with_status_headers_and_body(sink: HttpSink) -> None:
    sink.script(Answer(418, {"Retry-After": "7"}, b'{"a": 1}'))
    answer = await exchange(sink)
    assert (answer.status, answer.after, answer.json(), answer.text) == (418, 7.0, {"a": 1}, '{"a": 1}')
    assert answer.whole
    assert answer.failure is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b"\xff"], ids=["empty", "page", "deep", "bytes"])
async def test_a_body_that_is_no_json_is_none(sink: HttpSink, body: bytes) -> None:
    sink.script(Answer(200, {}, body))
    assert (await exchange(sink, most=1 << 20)).json() is None


async def test_the_clients_headers_stand_over_those_of_a_request(sink: HttpSink) -> None:
    headers = {"user-agent": "other", "accept-encoding": "gzip", "X-Own": "yes"}
    await exchange(sink, given={"headers": headers, "json": {"a": "b"}}, headers={"Authorization": "Bearer abc"})
    request = sink.requests[0]
    assert request.path == "/api/things"
    assert request.headers["user-agent"] == f"headgate/{headgate.__version__}"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["authorization"] == "Bearer abc"
    assert request.headers["x-own"] == "yes"
    assert request.body == b'{"a":"b"}'


async def test_a_whole_address_is_taken_as_it_is(sink: HttpSink) -> None:
    client = WebClient(timeout=5.0, connections=1, root="http://localhost:1/")
    try:
        assert (await client.exchange("GET", f"{sink.url}/elsewhere")).status == 200
    finally:
        await client.aclose()
    assert sink.requests[0].path == "/elsewhere"


async def test_no_more_is_read_than_may_be(sink: HttpSink) -> None:
    sink.script(AnswerForEver(500))
    answer = await exchange(sink, most=10_000)
    assert (answer.status, len(answer.body), answer.whole, answer.failure) == (500, 10_000, False, None)


async def test_one_request_may_read_less_than_the_others(sink: HttpSink) -> None:
    sink.script(Answer(200, {}, b"x" * 100))
    assert (await exchange(sink, given={"most": 10})).body == b"x" * 10


async def test_a_body_of_just_the_bound_is_whole(sink: HttpSink) -> None:
    sink.script(Answer(200, {}, b"x" * 10))
    assert (await exchange(sink, most=10)).whole


async def test_a_body_that_breaks_off_is_kept_with_its_failure(sink: HttpSink) -> None:
    sink.script(AnswerRaw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
    answer = await exchange(sink)
    assert (answer.status, answer.body, answer.whole) == (200, b"half", False)
    assert isinstance(answer.failure, httpx2.RemoteProtocolError)


async def test_a_body_that_does_not_go_on_is_kept_with_its_failure(sink: HttpSink) -> None:
    sink.script(AnswerRaw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", stay=True))
    answer = await exchange(sink, time_for_body=0.2)
    assert (answer.body, answer.whole) == (b"half", False)
    assert isinstance(answer.failure, TimeoutError)


async def test_a_packed_body_is_not_unpacked(sink: HttpSink) -> None:
    packed = gzip.compress(b"0" * 1_000_000)
    sink.script(Answer(200, {"Content-Encoding": "gzip"}, packed))
    assert (await exchange(sink)).body == packed


async def test_redirects_are_not_followed(sink: HttpSink) -> None:
    sink.script(Answer(302, {"Location": f"{sink.url}/other"}))
    assert (await exchange(sink)).status == 302
    assert len(sink.requests) == 1


@pytest.mark.parametrize(
    "behaviour", [Hang(), Reset(), AnswerRaw(b"nonsense\r\n\r\n")], ids=["hang", "reset", "nonsense"]
)
async def test_without_a_status_there_is_an_error(sink: HttpSink, behaviour: Any) -> None:
    sink.script(behaviour)
    with pytest.raises(FAILURES):
        await exchange(sink, timeout=0.3)


async def test_a_request_may_take_longer_than_the_others() -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.5)
        writer.write(b"HTTP/1.1 204 Said\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(late, "127.0.0.1", 0) as server:
        client = WebClient(timeout=0.1, connections=1)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert (await client.exchange("GET", url, longer=30.0)).status == 204
        await client.aclose()


async def test_a_proxy_of_the_environment_is_not_gone_through(sink: HttpSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://localhost:1")
    assert (await exchange(sink)).status == 200
