"""The service as a process: it starts, tells how it is, takes a new configuration, and stops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.model.delivery import DeliveryState
from headgate.store import claims, deliveries
from headgate.store.claims import Limits
from headgate.store.deliveries import DeliveryFilter
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.smtp.sink import SmtpSink
from tests.service.running import RunningHeadgate, mail_only
from tests.store.owed import owe


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with SmtpSink() as sink:
        yield sink


def service(directory: Path, sink: SmtpSink, *, name: str = "headgate") -> RunningHeadgate:
    tables = mail_only(directory, f"sqlite:///{directory}/headgate.db", sink.port)
    tables["service"]["parts"] = ["worker", "mail", "http"]
    return RunningHeadgate(directory, tables, name=name)


async def until(running: RunningHeadgate, event: str, count: int = 1) -> None:
    async with asyncio.timeout(60):
        while running.events(event) < count:
            await asyncio.sleep(0.02)


async def start_again(running: RunningHeadgate) -> tuple[int, str]:
    """Start a service with the same configuration that is to fail; return its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "headgate.cli.main", "-c", str(running.config), "serve"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={key: value for key, value in os.environ.items() if not key.startswith("HEADGATE")},
    )
    try:
        async with asyncio.timeout(60):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, said.decode()


async def test_it_starts_tells_how_it_is_reloads_and_stops(tmp_path: Path, sink: SmtpSink) -> None:
    async with service(tmp_path, sink) as running:
        await until(running, "http.listening")
        assert (await running.get("/healthz")).text == "ok\n"
        assert (await running.get("/readyz")).json() == {"ready": True, "wrong": {}}
        assert "headgate_mail_spool_read_timestamp_seconds" in (await running.get("/metrics")).text

        good = running.config.read_text()
        running.config.write_text(good.replace("attempts = 50", 'attempts = "many"'))
        running.signal(signal.SIGHUP)
        await until(running, "service.not_reloaded")
        [refused] = [line for line in running.lines() if line["event"] == "service.not_reloaded"]
        assert "notify.attempts" in refused["error"]
        assert (await running.get("/readyz")).status_code == 200
        assert running.events("service.started") == 1

        running.config.write_text(good.replace("attempts = 50", "attempts = 49"))
        running.signal(signal.SIGHUP)
        await until(running, "service.reloaded")
        await until(running, "service.started", 2)
        assert (await running.get("/healthz")).status_code == 200

        running.config.write_text(good.replace("headgate.db", "another.db"))
        running.signal(signal.SIGHUP)
        await until(running, "service.needs_restart")

        assert await running.stop() == 0
        assert running.events("part.late") == running.events("part.failed") == 0
        assert "Traceback" not in running.log.read_text()


async def test_a_second_service_on_the_same_store_is_refused_with_a_clear_message(
    tmp_path: Path, sink: SmtpSink
) -> None:
    async with service(tmp_path, sink) as running:
        status, said = await start_again(running)
        assert status == 1
        last = said.splitlines()[-1]
        assert last.startswith("headgate: another Headgate works on ")
        assert "PostgreSQL" in last
        assert "Traceback" not in said
        assert (await running.get("/readyz")).status_code == 200


async def test_systemd_hears_that_it_is_ready_lives_and_stops(
    tmp_path: Path, sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        heard: list[bytes] = []
        asyncio.get_running_loop().add_reader(systemd, lambda: heard.append(systemd.recv(100)))
        async with service(tmp_path, sink) as running:
            async with asyncio.timeout(60):
                while heard.count(b"WATCHDOG=1") < 3 or b"READY=1" not in heard:
                    await asyncio.sleep(0.02)
            assert b"STOPPING=1" not in heard
            await running.stop()
            async with asyncio.timeout(30):
                while b"STOPPING=1" not in heard:
                    await asyncio.sleep(0.02)
        asyncio.get_running_loop().remove_reader(systemd)


async def test_what_a_killed_service_had_taken_is_sent_at_once_by_the_next(tmp_path: Path, sink: SmtpSink) -> None:
    store = Store(f"sqlite:///{tmp_path}/headgate.db")
    await asyncio.to_thread(migrate, store)
    await owe(store, [("ada@example.org", 1)], now=100.0)
    taken = await store.write(
        lambda c: claims.claim(c, "mailto", Limits(), owner="killed", now=200.0, lease=1e10, most=10)
    )
    assert len(taken) == 1
    async with service(tmp_path, sink), asyncio.timeout(60):
        while True:
            [item] = await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=10))
            if item.state is not DeliveryState.SENDING and item.state is not DeliveryState.READY:
                break
            await asyncio.sleep(0.05)
    await asyncio.to_thread(store.close)
    assert item.state in (DeliveryState.DELIVERED, DeliveryState.DEAD)


async def test_an_address_that_is_taken_ends_it_with_a_clear_message(tmp_path: Path, sink: SmtpSink) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = service(tmp_path, sink)
        port = taken.getsockname()[1]
        running.config.write_text(running.config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        status, said = await start_again(running)
    assert status == 1
    assert said.splitlines()[-1] == f"headgate: cannot listen on 127.0.0.1:{port}: Address already in use"


async def test_a_configuration_with_a_mistake_does_not_start(tmp_path: Path, sink: SmtpSink) -> None:
    running = service(tmp_path, sink)
    running.config.write_text(running.config.read_text().replace("attempts", "atempts"))
    status, said = await start_again(running)
    assert status == 1
    assert "notify.atempts" in said
    assert "Traceback" not in said


async def test_without_an_http_server_it_stops_as_well(tmp_path: Path) -> None:
    tables = mail_only(tmp_path, f"sqlite:///{tmp_path}/headgate.db", 9)
    tables["service"]["listen"] = "off"
    service = RunningHeadgate(tmp_path, tables)
    await service.start()
    assert await service.stop() == 0


async def test_it_says_at_the_start_that_nobody_may_have_anything_built(tmp_path: Path, sink: SmtpSink) -> None:
    tables = mail_only(tmp_path, f"sqlite:///{tmp_path}/headgate.db", sink.port)
    tables["service"]["parts"] = ["worker"]
    tables["builds.forges.gitlab"] = {"kind": "gitlab", "token": "t", "webhook_secret": "s"}
    async with RunningHeadgate(tmp_path, tables) as running:
        await until(running, "service.started")
        await until(running, "builds.remark", 3)
        said = {line["setting"]: line["remark"] for line in running.lines() if line["event"] == "builds.remark"}
        assert said["builds.permissions.build"].endswith("nobody may have builds made")
        assert await running.stop() == 0
