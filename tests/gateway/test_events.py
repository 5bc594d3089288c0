"""Events of jobs, as streams and as webhooks; and what keeps those out who ask too often or guess."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from headgate.connectors.webhook.payload import IDEMPOTENCY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, verify
from headgate.testing.cluster import Cluster
from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, HttpSink
from tests.gateway.site import SLEEP, Gateway, until

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]

SECRET = "a secret of sixteen and more"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(slurm_cluster: Cluster) -> AsyncIterator[Gateway]:
    """A gateway that tells webhooks on this host, retries soon, believes a proxy, and takes three wrong tokens."""
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    tables: dict[str, dict[str, Any]] = {
        "gateway": {
            "hook_hosts": ["localhost"], "wrong_tokens": 3, "wrong_tokens_period": 3.0,
            "trusted_proxies": ["127.0.0.1/32"],
        },
        "gateway__limits": {"followers": 2, "concurrent_transfers": 2},
        "notify": {"backoff_first": 0.1, "backoff_max": 0.5},
    }  # fmt: skip
    directory = Path(tempfile.mkdtemp(prefix="service-", dir=slurm_cluster.shared))
    async with Gateway(slurm_cluster, directory, None, **tables) as running:
        yield running


async def told(client: httpx2.AsyncClient, path: str, *, until_kind: str, **headers: str) -> list[dict[str, Any]]:
    """Listen until an event of this kind comes; return all that came, each with its number."""
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(60), client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
                continue
            if "data" in fields:
                data = httpx2.Response(200, text=fields["data"]).json()
                events.append({"number": fields["id"], "event": fields["event"], **data})
                if fields["event"] == until_kind:
                    return events
            fields = {}
    raise AssertionError(f"the stream ended: {events}")


async def test_a_jobs_events_come_in_order_from_the_first_one(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script="#!/bin/sh\nexit 4\n", job_name="told")
        events = await told(ada, f"/jobs/{made['id']}/events", until_kind="job.ended")
        kinds = [one["event"] for one in events]
        assert kinds[-1] == "job.ended"
        assert "job.started" in kinds[:-1]
        assert {one["submission"] for one in events} == {made["id"]}
        assert [int(one["number"]) for one in events] == sorted({int(one["number"]) for one in events})
        # By another way: what is in the past comes at once, and beyond a number only what came after it.
        rest = await told(
            ada, f"/jobs/{made['id']}/events", until_kind="job.ended", **{"Last-Event-ID": events[-2]["number"]}
        )
        assert [one["number"] for one in rest] == [events[-1]["number"]]


async def test_a_stream_is_taken_up_again_after_a_restart_without_losing_an_event(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP)
        first = await told(ada, f"/jobs/{made['id']}/events", until_kind="job.started")
    await gateway.headgate.kill()
    gateway.cluster.command("scancel", str(made["slurm_id"]))
    await gateway.headgate.start()
    await gateway.ready()
    async with gateway.client() as ada:
        rest = await told(
            ada, f"/jobs/{made['id']}/events", until_kind="job.ended", **{"Last-Event-ID": first[-1]["number"]}
        )
        whole = await told(ada, f"/jobs/{made['id']}/events", until_kind="job.ended")
    assert [one["number"] for one in [*first, *rest]] == [one["number"] for one in whole]
    assert len({one["id"] for one in whole}) == len(whole)


async def test_an_apps_stream_tells_of_this_users_jobs_only(gateway: Gateway) -> None:
    async with gateway.client() as ada, gateway.client("ben") as ben:
        listening = asyncio.create_task(told(ada, "/events", until_kind="job.ended"))
        await asyncio.sleep(1)
        bens = await gateway.submit(ben, script="#!/bin/sh\n")
        await gateway.ended(ben, bens["id"])
        adas = await gateway.submit(ada, script="#!/bin/sh\n")
        events = await listening
        assert {one["submission"] for one in events} == {adas["id"]}
        assert (await ada.get(f"/jobs/{bens['id']}/events")).status_code == 404


async def test_a_webhook_is_told_signed_in_order_and_again_after_errors(gateway: Gateway) -> None:
    async with HttpSink() as sink, gateway.client() as ada:
        answer = await ada.post("/hooks", json={"url": f"{sink.url}/all", "secret": SECRET})
        assert answer.status_code == 201
        assert SECRET not in answer.text
        assert SECRET not in (await ada.get("/hooks")).text
        sink.script(Answer(500), Answer(503))
        made = await gateway.submit(ada, script="#!/bin/sh\nexit 1\n")

        def kinds() -> list[str]:
            return [event["kind"] for one in sink.requests for event in one.json["events"]]

        await until(lambda: kinds()[-1:] == ["job.ended"])
        repeated = [one.headers[IDEMPOTENCY_HEADER.lower()] for one in sink.requests]
        assert repeated[0] == repeated[1] == repeated[2]
        assert len(set(repeated)) == len(repeated) - 2
        for request in sink.requests:
            signature, timestamp = signed(request)
            assert verify(request.body, timestamp, signature, secret=SECRET, now=time.time())
            assert not verify(request.body + b" ", timestamp, signature, secret=SECRET, now=time.time())
            assert {event["submission"] for event in request.json["events"]} == {made["id"]}
        hook = answer.json()["id"]
        assert (await ada.delete(f"/hooks/{hook}")).status_code == 204
        assert (await ada.delete(f"/hooks/{hook}")).status_code == 404
        count = len(sink.requests)
        quiet = await gateway.submit(ada, script="#!/bin/sh\n")
        await gateway.ended(ada, quiet["id"])
        await asyncio.sleep(1)
        assert len(sink.requests) == count


def signed(request: ReceivedRequest) -> tuple[str, int]:
    """Return a request's signature, and the time it was signed for."""
    return request.headers[SIGNATURE_HEADER.lower()], int(request.headers[TIMESTAMP_HEADER.lower()])


async def test_a_webhook_is_told_of_what_it_asked_for_and_of_its_users_jobs_only(gateway: Gateway) -> None:
    async with HttpSink() as sink, gateway.client() as ada, gateway.client("ben") as ben:
        answer = await ada.post("/hooks", json={"url": f"{sink.url}/ends", "events": ["job.ended"]})
        assert len(answer.json()["secret"]) >= 32  # made here, and shown once
        assert (await ben.get("/hooks")).json() == []
        assert (await ben.delete(f"/hooks/{answer.json()['id']}")).status_code == 404
        bens = await gateway.submit(ben, script="#!/bin/sh\n")
        await gateway.ended(ben, bens["id"])
        made = await gateway.submit(ada, script="#!/bin/sh\n")
        await until(lambda: bool(sink.requests))
        await asyncio.sleep(1)
        events = [event for one in sink.requests for event in one.json["events"]]
        assert [(event["kind"], event["submission"]) for event in events] == [("job.ended", made["id"])]
        assert (await ada.delete(f"/hooks/{answer.json()['id']}")).status_code == 204


@pytest.mark.parametrize(
    "hook",
    [
        {"url": "http://169.254.169.254/latest", "secret": SECRET},
        {"url": "http://localhost.example.org/", "secret": SECRET},
        {"url": "http://name:word@localhost/", "secret": SECRET},
        {"url": "file:///etc/passwd", "secret": SECRET},
        {"url": "http://localhost/", "secret": "short"},
        {"url": "http://localhost/", "secret": SECRET, "events": ["node.down"]},
    ],
)
async def test_a_webhook_that_may_not_be_is_refused(gateway: Gateway, hook: dict[str, Any]) -> None:
    async with gateway.client() as ada:
        answer = await ada.post("/hooks", json=hook)
        assert answer.status_code == 400
        assert (await ada.get("/hooks")).json() == []


async def test_an_app_that_asks_too_often_is_told_when_to_come_again(gateway: Gateway) -> None:
    async with gateway.client(None, gateway.admin) as admin:
        rules = {"any_user": True, "rate": 1, "burst": 5}
        app = (await admin.post("/apps", json={"name": "hasty", "rules": rules})).json()
    async with gateway.client("ada", app["access_token"]) as hasty, gateway.client() as other:
        statuses = [(await hasty.get("/jobs")).status_code for _ in range(12)]
        assert statuses[:5] == [200] * 5
        last = await hasty.get("/jobs")
        assert last.status_code == 429
        assert int(last.headers["retry-after"]) >= 1
        assert (await other.get("/jobs")).status_code == 200
        await asyncio.sleep(int(last.headers["retry-after"]) + 0.1)
        assert (await hasty.get("/jobs")).status_code == 200


async def test_who_guesses_tokens_has_to_wait_and_nobody_else(gateway: Gateway) -> None:
    async with gateway.client("ada", "hgt_wrong", **{"X-Forwarded-For": "192.0.2.7"}) as guesser:
        assert [(await guesser.get("/jobs")).status_code for _ in range(4)] == [401, 401, 401, 429]
        refused = await guesser.get("/jobs", headers={"X-Auth-Token": gateway.token})
        assert (refused.status_code, "retry-after" in refused.headers) == (429, True)
        # What a client says itself, beyond what the proxy adds, is not believed.
        forged = {"X-Forwarded-For": "198.51.100.1, 192.0.2.7"}
        assert (await guesser.get("/jobs", headers=forged)).status_code == 429
        async with gateway.client() as other:
            assert (await other.get("/jobs")).status_code == 200
        await asyncio.sleep(3.1)
        assert (await guesser.get("/jobs", headers={"X-Auth-Token": gateway.token})).status_code == 200


async def test_a_stream_too_many_is_refused_and_those_that_were_left_are_counted_no_more(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        for _ in range(3):
            # A stream that was left is counted until the gateway has noticed.
            async with opened(ada, "/events"), opened(ada, "/events"):
                third = await ada.get("/events")
                assert third.status_code == 429
                assert "retry-after" in third.headers


async def test_downloads_that_were_broken_off_at_once_are_counted_no_more(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP, start=False)
        path = f"/jobs/{made['id']}/files/large"
        await ada.put(path, content=bytes(8 << 20))
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nUser: ada\r\nX-Auth-Token: {gateway.token}\r\n\r\n".encode()
        for number in range(20):
            _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            writer.write(request)
            await writer.drain()
            await asyncio.sleep(0.002 * number)
            writer.transport.abort()
        await asyncio.sleep(1)
        for answer in await asyncio.gather(ada.get(path), ada.get(path)):
            assert (answer.status_code, len(answer.content)) == (200, 8 << 20)


@asynccontextmanager
async def opened(client: httpx2.AsyncClient, path: str) -> AsyncIterator[None]:
    """Hold a stream open, once it is granted."""
    async with asyncio.timeout(60):
        while True:
            async with client.stream("GET", path) as answer:
                if answer.status_code == 200:
                    yield
                    return
            await asyncio.sleep(0.05)
