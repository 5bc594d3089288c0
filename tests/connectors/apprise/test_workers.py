from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from headgate.connectors.apprise import workers
from headgate.connectors.apprise.workers import Worker, Workers
from headgate.errors import ConnectorError

JOB = {
    "url": "nosuchservice://x",
    "title": "t",
    "body": "b",
    "form": "text",
    "type": "info",
    "key": "k",
    "timeout": 1.0,
}


def process_of(worker: Worker) -> int:
    return worker._process.pid


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_worker_reports_until_its_input_ends() -> None:
    worker = await Worker.start(None)
    reports = [await worker.ask(JOB) for _ in range(2)]
    await worker.end()
    assert [report.delivered for report in reports] == [False, False]
    assert not alive(process_of(worker))


async def test_a_worker_that_has_died_is_an_error_and_not_kept() -> None:
    pool = Workers(1, None)
    with pytest.raises(ConnectorError):  # noqa: PT012 - it is inside the block that it fails
        async with pool.one() as worker:
            os.kill(process_of(worker), signal.SIGKILL)
            await worker.ask(JOB)
    async with pool.one() as another:
        assert another is not worker
        assert not (await another.ask(JOB)).delivered
    await pool.aclose()
    assert not alive(process_of(another))


async def test_the_certificate_authorities_of_the_site_are_handed_on(tmp_path: Path) -> None:
    worker = await Worker.start(tmp_path / "ca.pem")
    environment = await asyncio.to_thread(Path(f"/proc/{process_of(worker)}/environ").read_bytes)
    await worker.end()
    assert f"REQUESTS_CA_BUNDLE={tmp_path / 'ca.pem'}".encode() in environment


async def test_a_process_that_does_not_come_up_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ConnectorError):
        await Worker.start(None)


async def test_a_program_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/program")
    with pytest.raises(ConnectorError, match="cannot be started"):
        async with Workers(1, None).one():
            raise AssertionError("there is no worker")


async def test_a_process_that_never_gets_ready_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    silent = tmp_path / "silent"
    silent.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    silent.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(silent))
    monkeypatch.setattr(workers, "_TIME_TO_START", 1.0)
    with pytest.raises(ConnectorError):
        async with Workers(1, None).one():
            raise AssertionError("there is no worker")
    assert not alive(int((tmp_path / "pid").read_text()))
