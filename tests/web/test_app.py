from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2
import pytest

from headgate.errors import StoreError
from headgate.web.app import make_app


class State:
    """What the service would tell."""

    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}
        self.backlog: dict[tuple[str, str], int] = {}
        self.broken = False

    async def readiness(self) -> Mapping[str, str]:
        return self.wrong

    async def counted(self) -> Mapping[tuple[str, str], int]:
        if self.broken:
            raise StoreError("the store failed: server closed the connection")
        return self.backlog


@pytest.fixture
def state() -> State:
    return State()


@asynccontextmanager
async def asking(state: State) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=make_app(state.readiness, state.counted))
    async with httpx2.AsyncClient(transport=transport, base_url="http://headgate") as client:
        yield client


async def test_a_process_that_answers_is_healthy(state: State) -> None:
    state.wrong = {"store": "is down"}
    async with asking(state) as client:
        answer = await client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_ready_says_so(state: State) -> None:
    async with asking(state) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "wrong": {}})


async def test_what_is_wrong_is_named_with_503(state: State) -> None:
    state.wrong = {"store": "does not answer within 5 s"}
    async with asking(state) as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "wrong": state.wrong})


async def test_metrics_tell_the_backlog_as_it_is_now(state: State) -> None:
    state.backlog = {("mailto", "ready"): 3, ("hook", "dead"): 1}
    async with asking(state) as client:
        first = await client.get("/metrics")
        state.backlog = {("mailto", "ready"): 1}
        second = await client.get("/metrics")
    assert first.headers["content-type"].startswith("text/plain")
    assert 'headgate_backlog{connector="mailto",state="ready"} 3.0' in first.text
    assert 'headgate_backlog{connector="hook",state="dead"} 1.0' in first.text
    assert 'headgate_backlog{connector="mailto",state="ready"} 1.0' in second.text
    assert 'connector="hook"' not in second.text


async def test_metrics_are_told_while_the_store_is_down(state: State) -> None:
    state.backlog = {("mailto", "ready"): 3}
    async with asking(state) as client:
        await client.get("/metrics")
        state.broken = True
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert "process_cpu_seconds_total" in answer.text
    assert "headgate_backlog{" not in answer.text


@pytest.mark.parametrize("path", ["/", "/docs", "/redoc", "/openapi.json"])
async def test_there_is_nothing_else(state: State, path: str) -> None:
    async with asking(state) as client:
        assert (await client.get(path)).status_code == 404
