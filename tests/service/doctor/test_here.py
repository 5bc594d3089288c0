"""What the doctor finds on this host."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from headgate.config.executor import ExecutorSettings
from headgate.config.settings import ServiceSettings, Settings, SpoolSettings, StoreSettings
from headgate.connectors.telegram.settings import TelegramSettings
from headgate.events.sources.mail.spool import MailSpool
from headgate.model.finding import Level
from headgate.service.doctor import here
from headgate.testing.http.sink import Answer, HttpSink


def at(path: Path) -> Settings:
    return Settings(spool=SpoolSettings(path=path))


def test_a_spool_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    [found] = here.spool(at(tmp_path / "none"))
    assert found.level is Level.WRONG
    assert "mailprog install" in found.advice


def test_an_empty_spool_is_well_and_mails_that_nobody_reads_are_not(tmp_path: Path) -> None:
    assert [one.level for one in here.spool(at(tmp_path))] == [Level.WELL]
    MailSpool(tmp_path)
    record = tmp_path / f"{time.time_ns() // 1000 - 3_600_000_000:016d}-1.mail"
    record.write_bytes(b"x")
    if record.name not in MailSpool(tmp_path).names():
        pytest.fail("the test's record has no name that a spool reads")
    old = time.time() - 3600
    os.utime(record, (old, old))
    [found] = here.spool(at(tmp_path))
    assert (found.level, "60 minutes" in found.what) == (Level.WRONG, True)


async def test_an_executor_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    settings = Settings(executor=ExecutorSettings(socket=str(tmp_path / "socket")))
    [found] = await here.executor(settings)
    assert found.level is Level.WRONG
    assert await here.executor(Settings()) == []


def listening(url: str) -> Settings:
    return Settings(service=ServiceSettings(listen=url.removeprefix("http://").rstrip("/")))


@pytest.mark.parametrize(
    ("answer", "levels"),
    [
        (Answer(200, body=b'{"ready": true, "wrong": {}}'), [Level.WELL]),
        (Answer(503, body=b'{"ready": false, "wrong": {"watcher": "it died", "store": "gone"}}'), [Level.WRONG] * 2),
        (Answer(404, body=b"{}"), [Level.WRONG]),
        (Answer(200, body=b"<html>a web page</html>"), [Level.WRONG]),
    ],
)
async def test_the_services_own_word_is_told(answer: Any, levels: list[Level]) -> None:
    async with HttpSink() as sink:
        sink.script(answer)
        assert [one.level for one in await here.service(listening(sink.url))] == levels


async def test_a_service_that_does_not_run_is_wrong() -> None:
    async with HttpSink() as sink:
        url = sink.url
    assert [one.level for one in await here.service(listening(url))] == [Level.WRONG]


@pytest.mark.parametrize(
    ("value", "store", "level"),
    [
        ("1.0", "sqlite:////nowhere/headgate.db", Level.WELL),
        ("0.0", "sqlite:////nowhere/headgate.db", Level.WRONG),
        ("0.0", "postgresql://localhost/headgate", Level.NOTE),
    ],
)
async def test_a_bot_that_does_not_listen_is_told(value: str, store: str, level: Level) -> None:
    telegram = TelegramSettings.model_validate({"token": f"1:{'t' * 35}", "bot": {"enabled": True}})
    async with HttpSink() as sink:
        sink.script(Answer(200, body=f'headgate_bot_listening{{bot="telegram"}} {value}\n'.encode()))
        listens = ServiceSettings(listen=sink.url.removeprefix("http://").rstrip("/"))
        settings = Settings(
            service=listens, store=StoreSettings(url=SecretStr(store)), connectors={"telegram": telegram}
        )
        [found] = await here.bots(settings)
    assert (found.level, found.what.startswith("telegram ")) == (level, True)


def test_a_configuration_that_others_may_write_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "headgate.toml"
    path.touch()
    path.chmod(0o640)
    assert here.configuration_file(path) == []
    path.chmod(0o660)
    assert [one.level for one in here.configuration_file(path)] == [Level.WRONG]
