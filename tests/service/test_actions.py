"""Actions of the whole service: what one asks for goes out, and who has no configuration asks the service."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from headgate.testing.http.sink import HttpSink
from tests.service.running import RunningHeadgate
from tests.web.local.serving import open_directory, run_as

SEND = ("action", "run", "notify.send", "to=webhook:ops", "title=n4 is down", "severity=bad", "--json")


def tables(directory: Path, sink: HttpSink, socket: Path) -> dict[str, Mapping[str, Any]]:
    (directory / "spool").mkdir()
    return {
        "store": {"url": f"sqlite:///{directory}/headgate.db"},
        "spool": {"path": f"{directory}/spool"},
        "slurm": {"cluster": "test"},
        "local": {"socket": str(socket)},
        "roles.operator": {"users": ["daemon"]},
        "connectors.webhook.endpoints.ops": {"url": sink.url},
        "service": {"listen": "127.0.0.1:0", "parts": ["worker", "local"], "stop_deadline": 5.0},
    }


async def told(sink: HttpSink, count: int) -> list[dict[str, Any]]:
    """Wait until so many requests have come, and return them."""
    async with asyncio.timeout(120):
        while len(sink.requests) < count:
            await asyncio.sleep(0.05)
    return [json.loads(request.body) for request in sink.requests]


async def test_a_notice_that_the_command_line_asks_for_is_sent_by_the_service(tmp_path: Path) -> None:
    async with HttpSink() as sink:
        with open_directory() as place:
            async with RunningHeadgate(tmp_path, tables(tmp_path, sink, place / "s")) as headgate:
                argv = [sys.executable, "-m", "headgate.cli.main", "-c", str(headgate.config), *SEND]
                process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
                answer = json.loads((await process.communicate())[0])
                assert answer["result"]["new"] is True
                [body] = await told(sink, 1)
    [event] = body["events"]
    assert (event["key"], event["kind"]) == (answer["result"]["event"], "notice.requested")
    assert (body["message"]["title"], body["message"]["outcome"]) == ("n4 is down", "failed")


async def test_a_user_with_a_role_has_the_service_do_it_and_one_without_does_not(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    argv = [sys.executable, "-m", "headgate.cli.main", *SEND]
    async with HttpSink() as sink:
        with open_directory() as place:
            environment = {"HEADGATE_SOCKET": str(place / "s")}
            async with RunningHeadgate(tmp_path, tables(tmp_path, sink, place / "s")):
                done = await asyncio.to_thread(run_as, "daemon", argv, **environment)
                assert (done.returncode, done.stderr) == (0, "")
                refused = await asyncio.to_thread(run_as, "bin", argv, **environment)
                assert refused.stderr == "headgate: notify.send takes the role operator, and bin has it not\n"
                [body] = await told(sink, 1)
    assert body["message"]["title"] == "n4 is down"
    assert body["events"][0]["user"] == "daemon"
