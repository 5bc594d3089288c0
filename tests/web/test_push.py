"""What slurmctld posts is answered, whatever it is; what it hints at is told."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2
import pytest

from headgate.events.sources.push.hint import JOB_FINISHED, TRIGGER_RAN, Hint
from headgate.web import push as push_module
from headgate.web.push import make_push_app
from headgate.web.server import WebServer

UUID = "0b1f6f0e-1111-4222-8333-0123456789ab"


@dataclass
class Listener:
    """A running listener, and what it told."""

    hints: list[Hint] = field(default_factory=list)
    triggered: list[tuple[str, str, str]] = field(default_factory=list)
    port: int = 0

    async def post(self, path: str, content: bytes = b"{}", method: str = "POST") -> int:
        """Post something; return the answer's status."""
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
            answer = await client.request(method, f"http://127.0.0.1:{self.port}{path}", content=content)
        return answer.status_code


@asynccontextmanager
async def listening(*networks: str, sensor: bool = True) -> AsyncIterator[Listener]:
    """Listen on loopback."""
    listener = Listener()
    told = (lambda *words: listener.triggered.append(words)) if sensor else None
    allowed = [ipaddress.ip_network(network) for network in networks or ("127.0.0.0/8",)]
    server = WebServer(make_push_app(allowed, listener.hints.append, told), "127.0.0.1", 0)
    listener.port = server.port
    run = asyncio.create_task(server.run())
    try:
        await _until_it_listens(server.port)
        yield listener
    finally:
        server.stop()
        await asyncio.wait_for(run, 60)


async def _until_it_listens(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            return


async def raw(port: int, request: bytes) -> bytes:
    """Send bytes; return what comes back until the other side closes."""
    async with asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        await writer.drain()
        answer = await reader.read()
        writer.close()
    return answer


@pytest.mark.parametrize("content", [b"", b"{}", b"{not json", b"\xff\x00" * 1000, b"x" * 5_000_000])
@pytest.mark.parametrize("path", ["/jobcomp", "/jobcomp/_doc", "/jobcomp/slurm/%0a"])
async def test_a_finished_job_is_a_hint_whatever_the_body_is(path: str, content: bytes) -> None:
    async with listening() as listener:
        assert await listener.post(path, content) == 200
    assert listener.hints == [JOB_FINISHED]


async def test_more_than_anybody_needs_is_answered_without_reading_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "_MOST", 1000)
    head = b"POST /jobcomp HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n"
    async with listening() as listener:
        answer = await raw(listener.port, head + b"x" * 5000)
    assert answer.startswith(b"HTTP/1.1 200")


async def test_a_body_that_never_comes_is_answered_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "_PATIENCE", 0.05)
    async with listening() as listener:
        answer = await raw(listener.port, b"POST /jobcomp HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    assert answer.startswith(b"HTTP/1.1 200")
    assert listener.hints == [JOB_FINISHED]


async def test_other_addresses_may_not_post() -> None:
    async with listening("192.0.2.0/24", "::1/128") as listener:
        assert await listener.post("/jobcomp") == 403
        assert await listener.post(f"/{UUID}/node/down", b"n1") == 403
    assert (listener.hints, listener.triggered) == ([], [])


async def test_a_look_at_the_address_is_no_hint() -> None:
    async with listening() as listener:
        assert await listener.post("/jobcomp", method="GET") == 200
        assert await listener.post("/", method="GET") == 404
    assert listener.hints == []


async def test_a_trigger_of_stackstorm_is_a_hint_and_is_told() -> None:
    async with listening() as listener:
        assert await listener.post(f"/{UUID.upper()}/node/down", b"n[2,4]") == 200
    assert listener.hints == [TRIGGER_RAN]
    assert listener.triggered == [(UUID, "node", "down")]


@pytest.mark.parametrize(
    "path", [f"/{UUID}/node", f"/{UUID}/node/evil", f"/{UUID}/rack/down", "/x/node/down", f"/{UUID}/node/down/x"]
)
async def test_an_address_that_no_trigger_has_is_none(path: str) -> None:
    async with listening() as listener:
        assert await listener.post(path, b"n1") == 404
    assert (listener.hints, listener.triggered) == ([], [])


async def test_without_the_sensor_its_addresses_are_none() -> None:
    async with listening(sensor=False) as listener:
        assert await listener.post(f"/{UUID}/node/down", b"n1") == 404
    assert listener.hints == []
