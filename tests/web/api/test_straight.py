"""Routes on their straight way: they answer what FastAPI answers, whatever is asked."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from headgate.gateway.gateway import Gateway
from headgate.model.app import AppRules
from headgate.store.store import Store
from headgate.web.api.application import make_api
from headgate.web.api.straight import Straight, route_of
from tests.gateway.played import FIRST_JOB, Played, gateway_on

SCRIPT = "#!/bin/sh\ntrue\n"
JSON = {"Content-Type": "application/json"}
GOOD = json.dumps({"script": SCRIPT, "hold": True}).encode()


async def ask(app: ASGIApp, body: bytes, headers: dict[str, str]) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.post("/jobs", content=body, headers={"Accept": "application/json", **headers})


async def both(gateway: Gateway) -> tuple[FastAPI, Straight, str]:
    """Return the API, the straight way into it, and an app's token."""
    api = make_api(lambda: gateway)
    straight = Straight(api)
    _, token = await gateway.apps.add("portal", AppRules(any_user=True, partitions=(), rate=1000, burst=1000))
    return api, straight, token


REFUSED: dict[str, tuple[bytes, dict[str, str | None]]] = {
    "no token": (GOOD, {"X-Auth-Token": None}),
    "an empty token": (GOOD, {"X-Auth-Token": ""}),
    "a wrong token": (GOOD, {"X-Auth-Token": "wrong"}),
    "a wrong bearer": (GOOD, {"X-Auth-Token": None, "Authorization": "Bearer wrong"}),
    "another scheme": (GOOD, {"X-Auth-Token": None, "Authorization": "Basic d3Jvbmc="}),
    "no user": (GOOD, {"User": None}),
    "no name": (GOOD, {"User": "-x"}),
    "no body": (b"", {}),
    "no JSON": (b"{", {}),
    "no text": (b'{"script": "\xff"}', {}),
    "a lone surrogate": (json.dumps({"script": "#!/bin/sh\n"}).replace("#!", "#!\\ud800").encode(), {}),
    "too deep": (b"[" * 100_000, {}),
    "a list": (b"[]", {}),
    "null": (b"null", {}),
    "nothing to run": (b"{}", {}),
    "two things to run": (json.dumps({"script": SCRIPT, "command": "id"}).encode(), {}),
    "an unknown field": (json.dumps({"script": SCRIPT, "wrap": "id"}).encode(), {}),
    "wrong values": (json.dumps({"script": 1, "tasks": -1, "hold": "maybe"}).encode(), {}),
    "no script": (json.dumps({"script": "true"}).encode(), {}),
    "an unknown cluster": (json.dumps({"script": SCRIPT, "cluster": "other"}).encode(), {}),
    "no type": (GOOD, {"Content-Type": None}),
    "another type": (GOOD, {"Content-Type": "text/plain"}),
    "an empty key": (GOOD, {"Idempotency-Key": ""}),
    "a key with a blank": (GOOD, {"Idempotency-Key": "a b"}),
    "a long key": (GOOD, {"Idempotency-Key": "x" * 256}),
    "a body that is too large": (b" " * 20_000_000 + GOOD, {}),
}


@pytest.mark.parametrize("asked", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("accept", ["application/json", "text/plain"])
async def test_a_refusal_is_the_one_fastapi_gives(
    store: Store, asked: tuple[bytes, dict[str, str | None]], accept: str
) -> None:
    played = Played()
    api, straight, token = await both(gateway_on(store, played))
    body, changed = asked
    wanted = {**JSON, "X-Auth-Token": token, "User": "ada", "Accept": accept, **changed}
    headers = {name: value for name, value in wanted.items() if value is not None}
    told, other = await ask(straight, body, headers), await ask(api, body, headers)
    assert told.status_code == other.status_code >= 400
    assert told.headers["content-type"] == other.headers["content-type"]
    if "key" not in str(asked[1]).lower():  # FastAPI names which of the three rules of a key is broken
        assert told.text == other.text
    assert played.submitted == []


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "application/x+json"])
async def test_a_job_is_submitted_as_by_fastapi(store: Store, content_type: str) -> None:
    played = Played()
    api, straight, token = await both(gateway_on(store, played))
    headers = {"Content-Type": content_type, "X-Auth-Token": token, "User": "ada"}
    answers = [await ask(app, GOOD, headers) for app in (straight, api)]
    shown: list[dict[str, Any]] = [one.json() for one in answers]
    for at, (one, made) in enumerate(zip(answers, shown, strict=True)):
        assert (one.status_code, one.headers["location"]) == (201, f"/jobs/{made['id']}")
        assert (made["slurm_id"], made["phase"], made["slurm_job"]["job_state"]) == (
            FIRST_JOB + at,
            "active",
            "PENDING",
        )
    changing = {"id", "slurm_id", "slurm_job", "directory", "created_at", "submitted_at"}
    first, second = ({name: value for name, value in made.items() if name not in changing} for made in shown)
    assert first == second
    assert shown[0].keys() == shown[1].keys()


async def test_a_repeated_request_returns_the_first_job(store: Store) -> None:
    api, straight, token = await both(gateway_on(store, Played()))
    headers = {**JSON, "Authorization": f"Bearer {token}", "User": "ada", "Idempotency-Key": "one"}
    first, again, third = [await ask(app, GOOD, headers) for app in (straight, straight, api)]
    assert [one.status_code for one in (first, again, third)] == [201, 200, 200]
    assert first.json()["id"] == again.json()["id"] == third.json()["id"]


async def test_a_mistake_of_ours_is_told_without_its_words(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = gateway_on(store, Played())
    _, straight, token = await both(gateway)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(gateway.submissions, "create", broken)
    told = await ask(straight, GOOD, {**JSON, "X-Auth-Token": token, "User": "ada"})
    assert told.status_code == 500
    assert "secret" not in told.text


async def test_all_else_is_passed_on(store: Store) -> None:
    _, straight, token = await both(gateway_on(store, Played()))
    headers = {"X-Auth-Token": token, "User": "ada"}
    transport = httpx2.ASGITransport(app=straight)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as client:
        assert (await client.get("/jobs")).json() == []
        assert (await client.put("/jobs")).status_code == 405
        assert (await client.post("/jobs/")).status_code in (404, 307)


async def read(app: ASGIApp, path: str, headers: dict[str, str]) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.get(path, headers={"Accept": "application/json", **headers})


def way_of(path: str, method: str = "GET", user: str = "ada") -> str | None:
    """Return by which route a request is answered straight."""
    url = httpx2.URL(f"http://gateway{path}")
    headers = [(b"user", user.encode())]
    return route_of({"method": method, "path": url.path, "query_string": url.query, "headers": headers})


STRAIGHT = (
    "/jobs",
    "/jobs?limit=2",
    "/jobs?limit=9999",
    "/jobs?limit=1&after=1&sort=-created",
    "/jobs?limit=1&after=1&sort=created",
    "/jobs?limit=3&limit=1",
    "/jobs?sort=-created&limit=2&state=PENDING&state=FAILED",
    "/jobs?state=COMPLETED",
    "/jobs?state=ODD",
    "/jobs/00000000-0000-4000-8000-000000000000",
)
LEFT_TO_FASTAPI = (
    "/jobs?limit=0",
    "/jobs?limit=ten",
    "/jobs?limit=100001",
    "/jobs?limit=1&",
    "/jobs?limit=1&&after=1",
    "/jobs?after=-1",
    "/jobs?after=9999999999999999999",
    "/jobs?state=pending",
    "/jobs?state=%43OMPLETED",
    "/jobs?sort=name",
    "/jobs?phase=active",
    "/jobs?odd=1",
    "/jobs?" + "state=FAILED&" * 20 + "state=FAILED",
    "/jobs/",
    "/jobs/1",
    "/jobs/00000000000040008000000000000000",
    "/jobs/00000000-0000-4000-8000-00000000000A",
    "/jobs/00000000-0000-4000-8000-000000000000/batch",
)


async def test_what_is_read_is_what_fastapi_shows(store: Store) -> None:
    api, straight, token = await both(gateway_on(store, Played()))
    headers = {"X-Auth-Token": token, "User": "ada"}
    made = [(await ask(api, GOOD, headers | JSON)).json()["id"] for _ in range(3)]
    for path in (*STRAIGHT, *LEFT_TO_FASTAPI, f"/jobs/{made[1]}"):
        told, other = await read(straight, path, headers), await read(api, path, headers)
        assert (told.status_code, told.text) == (other.status_code, other.text), path
        assert told.headers == other.headers, path


def test_only_what_is_ordinary_is_read_on_the_straight_way() -> None:
    assert [way_of(path) for path in STRAIGHT] == ["/jobs"] * (len(STRAIGHT) - 1) + ["/jobs/{jobId}"]
    assert not any(map(way_of, LEFT_TO_FASTAPI))
    assert way_of("/jobs", user="a" * 257) is None
    assert way_of("/jobs", "HEAD") is None
    assert way_of("/jobs", "POST") == "/jobs"
    assert way_of(STRAIGHT[-1], "DELETE") is None


async def test_who_may_not_read_is_told_what_fastapi_tells(store: Store) -> None:
    api, straight, token = await both(gateway_on(store, Played()))
    changes: list[dict[str, str | None]] = [
        {"X-Auth-Token": None},
        {"X-Auth-Token": "wrong"},
        {"User": None},
        {"User": "-x"},
        {"User": "a" * 300},
    ]
    for path in ("/jobs", "/jobs?limit=2", STRAIGHT[-1]):
        for changed in changes:
            wanted = {"X-Auth-Token": token, "User": "ada", **changed}
            headers = {name: value for name, value in wanted.items() if value is not None}
            told, other = await read(straight, path, headers), await read(api, path, headers)
            assert told.status_code == other.status_code >= 400, (path, changed)
            assert (told.text, told.headers) == (other.text, other.headers), (path, changed)


async def test_somebody_elses_job_is_not_there(store: Store) -> None:
    _, straight, token = await both(gateway_on(store, Played()))
    made = (await ask(straight, GOOD, {**JSON, "X-Auth-Token": token, "User": "ada"})).json()["id"]
    assert (await read(straight, f"/jobs/{made}", {"X-Auth-Token": token, "User": "ada"})).status_code == 200
    assert (await read(straight, f"/jobs/{made}", {"X-Auth-Token": token, "User": "ben"})).status_code == 404


async def test_a_token_that_is_revoked_reads_nothing_more(store: Store) -> None:
    gateway = gateway_on(store, Played())
    _, straight, token = await both(gateway)
    headers = {"X-Auth-Token": token, "User": "ada"}
    assert (await read(straight, "/jobs", headers)).status_code == 200
    [app] = await gateway.apps.every()
    [kept] = await gateway.apps.tokens(app)
    await gateway.apps.revoke(app, kept.id)
    assert (await read(straight, "/jobs", headers)).status_code == 401
