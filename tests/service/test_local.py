from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from headgate.bots.rates import Rates
from headgate.config.local import LocalSettings
from headgate.config.settings import Settings
from headgate.service.local import LocalSocket, links_of, local_part
from headgate.store.store import Store
from headgate.web.local.desk import LocalDesk
from tests.service.running import RunningHeadgate, mail_only
from tests.web.local.serving import ADDRESSING, CONNECTORS, ME, open_directory, run_as


def desk(store: Store, path: Path) -> LocalDesk:
    return LocalDesk(store, LocalSettings(socket=str(path)), CONNECTORS, ADDRESSING, "mailto", rates=Rates(1000))


async def who(path: Path) -> str:
    async with asyncio.timeout(30):
        while not path.exists():  # noqa: ASYNC240 - a look at a directory of our own
            await asyncio.sleep(0.01)
    async with httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=str(path)), timeout=30) as client:
        return str((await client.get("http://headgate/me")).json()["user"])


async def test_the_socket_is_a_part_unless_it_is_off(store: Store, tmp_path: Path) -> None:
    assert local_part(Settings(local=LocalSettings(socket="off")), store, CONNECTORS, ADDRESSING) == ()
    path = tmp_path / "s"
    [part] = local_part(Settings(local=LocalSettings(socket=str(path))), store, CONNECTORS, ADDRESSING)
    assert part.name == "local"
    running = asyncio.ensure_future(part.run())
    assert await who(path) == ME
    part.stop()
    await asyncio.wait_for(running, 30)
    assert not path.exists()


async def test_a_part_that_follows_takes_the_socket_when_the_one_before_has_ended(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "s"
    before, after = (LocalSocket(desk(store, path), path, again=0.01) for _ in range(2))
    first = asyncio.create_task(before.run())
    await who(path)
    with capture_logs() as logs:
        second = asyncio.create_task(after.run())
        async with asyncio.timeout(30):
            while not logs:
                await asyncio.sleep(0.01)
        before.stop()
        await asyncio.wait_for(first, 30)
        assert await who(path) == ME
    after.stop()
    await asyncio.wait_for(second, 30)
    assert [log["event"] for log in logs] == ["local.failed", "local.listening"]


async def test_a_socket_that_cannot_be_had_ends_nothing(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "s"
    local = LocalSocket(desk(store, path), path, again=0.01)
    with capture_logs() as logs:
        running = asyncio.create_task(local.run())
        await asyncio.sleep(0.2)
        assert not running.done()
        path.parent.mkdir()
        assert await who(path) == ME
    local.stop()
    await asyncio.wait_for(running, 30)
    assert [log["event"] for log in logs] == ["local.failed", "local.listening"]


@pytest.mark.parametrize("started", [True, False], ids=["waiting", "not begun"])
async def test_it_can_be_stopped_before_it_has_the_socket(store: Store, tmp_path: Path, *, started: bool) -> None:
    path = tmp_path / "missing" / "s"
    local = LocalSocket(desk(store, path), path)
    running = asyncio.create_task(local.run())
    if started:
        await asyncio.sleep(0.05)
    local.stop()
    await asyncio.wait_for(running, 30)


async def test_a_real_service_without_tcp_answers_users_over_a_reload_and_leaves_no_socket(tmp_path: Path) -> None:
    with open_directory() as directory:
        path = directory / "headgate.sock"
        tables = mail_only(tmp_path, f"sqlite:///{tmp_path}/headgate.db", 1) | {
            "service": {"listen": "off", "parts": ["local"], "stop_deadline": 5.0},
            "local": {"socket": str(path)},
        }
        argv = [sys.executable, "-m", "headgate.cli.main", "me", "subscribe", "mailto", "--failures"]
        async with RunningHeadgate(tmp_path, tables) as running:
            assert await who(path) == ME
            done = await asyncio.to_thread(run_as, "daemon", argv, HEADGATE_SOCKET=str(path))
            assert done.stdout == "Subscription 1: to mailto, failures\n"
            running.signal(signal.SIGHUP)
            async with asyncio.timeout(60):
                while running.events("local.listening") < 2:
                    await asyncio.sleep(0.05)
            assert await who(path) == ME
            await running.kill()
            assert path.exists()
            await running.start()
            assert await who(path) == ME
            assert await running.stop() == 0
        assert not path.exists()


@pytest.mark.parametrize(
    ("settings", "origin"),
    [
        ({"pages": {"url": "https://headgate.example.org"}}, "https://headgate.example.org"),
        ({"service": {"listen": "[::1]:8470"}}, "http://[::1]:8470"),
        ({}, "http://127.0.0.1:8470"),
        ({"service": {"listen": "off"}}, None),
        ({"service": {"parts": ["local", "http", "api"]}}, None),
        ({"service": {"parts": ["local"]}, "pages": {"url": "http://other.example.org"}}, "http://other.example.org"),
        ({"pages": {"links": False, "url": "https://headgate.example.org"}}, None),
    ],
)
def test_links_to_sign_in_lead_to_where_the_pages_are(settings: dict[str, Any], origin: str | None) -> None:
    links = links_of(Settings.model_validate(settings))
    assert (links and links.origin) == origin
