"""The sensor as StackStorm runs it, and a stream that breaks off, is silent, or is refused."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from headgate.actions.catalogue import Catalogue
from headgate.pack.build import build
from headgate.pack.content import content
from headgate.testing.http.sink import Answer, AnswerRaw, HttpSink
from tests.pack.built import PATIENCE, Pack

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
STATE = "slurm.node.state"


def made(tmp_path: Path, url: str) -> Pack:
    build(tmp_path / "slurm", content(Catalogue([]), with_rules=False))
    return Pack(tmp_path / "slurm", {"url": url, "token": "hg_a-token"})


def sent(number: int, node: str) -> bytes:
    payload = {"hostname": node, "state": "down", "event": {"key": f"node {node}"}}
    return f"id: {number}\nevent: {STATE}\ndata: {json.dumps(payload)}\n\n".encode()


def kept_in(datastore: Path) -> Any:
    return json.loads(datastore.read_text())["last_trigger"] if datastore.exists() else None


async def kept(datastore: Path, number: str) -> None:
    """Wait until the sensor has kept this number: what was told is told again if it ends before."""
    async with asyncio.timeout(PATIENCE):
        while kept_in(datastore) != number:
            await asyncio.sleep(0.05)


async def test_a_sensor_dispatches_what_comes(tmp_path: Path) -> None:
    stream = HEAD + b": headgate\n\nid: 4\n\n" + sent(5, "n1") + b": still here\n\n" + sent(6, "n2")
    async with (
        HttpSink(default=AnswerRaw(stream, stay=True)) as sink,
        made(tmp_path, sink.url).sensor(tmp_path / "datastore") as sensor,
    ):
        first, second = await sensor.told(), await sensor.told()
        assert [one["trigger"] for one in (first, second)] == [STATE, STATE]
        assert [one["payload"]["hostname"] for one in (first, second)] == ["n1", "n2"]
        assert first["trace_tag"] == "node n1"
        await kept(tmp_path / "datastore", "6")
        await sensor.stop()
        await sensor.end()
    [request] = sink.requests
    assert request.path == "/triggers?type=slurm.node.state&type=slurm.sensor.trigger.%2A"
    assert request.headers["x-auth-token"] == "hg_a-token"
    assert "last-event-id" not in request.headers


async def test_after_a_break_it_goes_on_where_it_was(tmp_path: Path) -> None:
    async with HttpSink(default=AnswerRaw(HEAD, stay=True)) as sink:
        sink.script(
            AnswerRaw(HEAD + b"id: 4\n\n" + b"id: 5\nevent: slurm.node"),
            AnswerRaw(HEAD + sent(5, "n1")),
            Answer(503, {}, b'{"detail": "the gateway is not running here"}'),
            AnswerRaw(HEAD + sent(6, "n2"), stay=True),
        )
        async with made(tmp_path, sink.url).sensor(tmp_path / "datastore") as sensor:
            told: list[dict[str, Any]] = []
            while len([one for one in told if one.get("trigger") == STATE]) < 2:
                told.append(await sensor.told())
    assert [one["payload"]["hostname"] for one in told if one.get("trigger") == STATE] == ["n1", "n2"]
    assert [one.headers.get("last-event-id") for one in sink.requests] == [None, "4", "5", "5"]
    assert any("the gateway is not running here" in one.get("log", "") for one in told)
    assert "hg_a-token" not in json.dumps(told)


async def test_another_run_goes_on_behind_the_last(tmp_path: Path) -> None:
    async with HttpSink(default=AnswerRaw(HEAD + b"id: 7\n\n" + sent(8, "n1"), stay=True)) as sink:
        pack = made(tmp_path, sink.url)
        for _ in range(2):
            async with pack.sensor(tmp_path / "datastore") as sensor:
                await sensor.trigger()
                await kept(tmp_path / "datastore", "8")
                await sensor.stop()
                await sensor.end()
    assert [one.headers.get("last-event-id") for one in sink.requests] == [None, "8"]


async def test_it_does_not_begin_without_a_token(tmp_path: Path) -> None:
    pack = Pack(made(tmp_path, "http://localhost").directory, {"url": "http://localhost"})
    async with pack.sensor(tmp_path / "datastore") as sensor:
        await sensor.end()
        assert sensor.process.returncode == 1
