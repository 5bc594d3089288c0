"""Ids of requests, and figures of them, over a real socket."""

from __future__ import annotations

import asyncio
import collections
import uuid
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI, HTTPException
from prometheus_client import REGISTRY

from headgate.telemetry.context import current
from headgate.web.api.application import make_api
from headgate.web.api.straight import Straight
from headgate.web.server import WebServer
from headgate.web.tracing import HEADER, Traced


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()

    @app.get("/things/{name}")
    async def thing(name: str) -> dict[str, str | None]:
        if name == "broken":
            raise RuntimeError(name)
        if name == "missing":
            raise HTTPException(404)
        return {"trace": current()}

    server = WebServer(Traced(app), "127.0.0.1", 0)
    run = asyncio.create_task(server.run())
    transport = httpx2.AsyncHTTPTransport(retries=10)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", transport=transport) as client:
        yield client
    server.stop()
    await asyncio.wait_for(run, 60)


def counted(route: str, status: int, method: str = "GET") -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("headgate_http_requests_total", labels) or 0


async def test_a_client_gives_a_request_its_id(client: httpx2.AsyncClient) -> None:
    own = str(uuid.uuid4())
    answer = await client.get("/things/one", headers={HEADER: own})
    assert answer.headers[HEADER] == answer.json()["trace"] == own


@pytest.mark.parametrize(
    "wrong", [None, "", "short", "x" * 65, "with blank in it", 'quote"quote"quote', "a\tb-c-d-e-f"]
)
async def test_an_id_that_may_not_stand_in_a_log_is_replaced(client: httpx2.AsyncClient, wrong: str | None) -> None:
    answer = await client.get("/things/one", headers={} if wrong is None else {HEADER: wrong})
    assert answer.status_code == 200
    assert answer.headers[HEADER] == answer.json()["trace"] != wrong
    assert len(answer.headers[HEADER]) == 32


async def test_a_refusal_has_an_id_too(client: httpx2.AsyncClient) -> None:
    answers = [await client.get(path, headers={HEADER: "my-own-id"}) for path in ("/things/missing", "/nothing")]
    assert [(answer.status_code, answer.headers[HEADER]) for answer in answers] == [(404, "my-own-id")] * 2


async def test_a_route_is_named_as_the_description_names_it() -> None:
    api = make_api(lambda: None)
    asked = {
        "/apps/one/jobs": "/apps/{appId}/jobs",
        "/apps/one/jobs/": "/apps/{appId}/jobs",
        "/apps/one/jobs/2/files/a/b": "/apps/{appId}/jobs/{jobId}/files/{path}",
        "/jobs/2/files/a/b": "/jobs/{jobId}/files/{path}",
        "/jobs/2": "/jobs/{jobId}",
        "/jobs": "/jobs",
    }
    before = {route: counted(route, 503) for route in asked.values()}
    transport = httpx2.ASGITransport(app=Traced(Straight(api)))
    async with httpx2.AsyncClient(transport=transport, base_url="http://headgate.example.org") as client:
        for path in asked:
            assert (await client.get(path)).status_code == 503
        posted = counted("/jobs", 503, "POST")
        await client.post("/jobs", json={})
    wanted = collections.Counter(asked.values())
    assert {route: counted(route, 503) - before[route] for route in before} == wanted
    assert counted("/jobs", 503, "POST") == posted + 1
    assert set(wanted) <= set(api.openapi()["paths"])


async def test_requests_are_counted_by_route_and_never_by_path(client: httpx2.AsyncClient) -> None:
    route, before = "/things/{name}", counted("/things/{name}", 200)
    missing, none, broken = counted(route, 404), counted("none", 404), counted(route, 500)
    odd = counted("none", 405, "other") + counted(route, 405, "other")
    for name in ("a", "b", "missing", "broken"):
        await client.get(f"/things/{name}")
    await client.get("/nothing/like/that")
    await client.request("PROPFIND", "/things/a")
    assert counted(route, 200) == before + 2
    assert counted(route, 404) == missing + 1
    assert counted(route, 500) == broken + 1
    assert counted("none", 404) == none + 1
    assert counted("none", 405, "other") + counted(route, 405, "other") == odd + 1
    waited = REGISTRY.get_sample_value(
        "headgate_http_request_duration_seconds_count", {"method": "GET", "route": route}
    )
    assert waited is not None
    assert waited >= 4
