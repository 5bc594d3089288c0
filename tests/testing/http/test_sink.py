from __future__ import annotations

import httpx2
import pytest

from headgate.testing.http.sink import Answer, AnswerForEver, AnswerRaw, Hang, HttpSink, Reset


async def post(sink: HttpSink, **options: object) -> httpx2.Response:
    """Post once."""
    async with httpx2.AsyncClient(trust_env=False, timeout=1.0) as client:
        return await client.post(f"{sink.url}/x?y=z", json={"a": 1}, **options)  # type: ignore[arg-type]


async def test_a_request_is_kept_and_answered() -> None:
    async with HttpSink() as sink:
        assert (await post(sink, headers={"X-Own": "1"})).status_code == 200
    (request,) = sink.requests
    assert (request.method, request.path, request.headers["x-own"]) == ("POST", "/x?y=z", "1")
    assert request.json == {"a": 1}


async def test_a_script_is_followed_in_order_and_then_the_default() -> None:
    async with HttpSink(default=Answer(204)) as sink:
        sink.script(Answer(503, {"Retry-After": "3"}, b"later"), Answer(404))
        first = await post(sink)
        assert (first.status_code, first.headers["retry-after"], first.text) == (503, "3", "later")
        assert [(await post(sink)).status_code for _ in range(2)] == [404, 204]


async def test_a_choice_comes_before_the_script() -> None:
    async with HttpSink() as sink:
        sink.choose = lambda request: Answer(418) if request.json == {"a": 1} else None
        assert (await post(sink)).status_code == 418


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (Reset(), httpx2.ReadError),
        (Hang(), httpx2.ReadTimeout),
        (AnswerRaw(b"nonsense\r\n\r\n"), httpx2.RemoteProtocolError),
        (AnswerRaw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), httpx2.RemoteProtocolError),
        (AnswerRaw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", stay=True), httpx2.ReadTimeout),
    ],
)
async def test_it_behaves_badly_when_told(behaviour: Reset | Hang | AnswerRaw, error: type[Exception]) -> None:
    async with HttpSink() as sink:
        sink.script(behaviour)
        with pytest.raises(error):
            await post(sink)


async def test_an_answer_can_have_no_end() -> None:
    async with HttpSink() as sink, httpx2.AsyncClient(trust_env=False) as client:
        sink.script(AnswerForEver(500))
        async with client.stream("GET", sink.url) as response:
            read = 0
            async for chunk in response.aiter_raw():
                read += len(chunk)
                if read > 1_000_000:
                    break
        assert read > 1_000_000


async def test_after_stopping_nobody_is_answered() -> None:
    sink = HttpSink()
    async with sink:
        await post(sink)
    with pytest.raises(httpx2.ConnectError):
        await post(sink)
