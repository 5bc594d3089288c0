from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.testing.smtp.sink import SmtpSink


@dataclass(frozen=True, slots=True)
class Done:
    """What a command answered."""

    status: int
    out: str
    err: str


Run = Callable[..., Awaitable[Done]]


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with SmtpSink(accounts={"u": "a-pass-word"}) as sink:
        yield sink


@pytest.fixture
def run(tmp_path: Path, sink: SmtpSink) -> Run:
    """Run ``headgate connector`` as a process, with a mailto and a webhook connector."""
    path = tmp_path / "headgate.toml"
    path.write_text(f"""
[connectors.mailto]
host = "127.0.0.1"
port = {sink.port}
from_address = "slurm@example.org"
domain = "example.org"
block = ["root@*"]
username = "u"
password = "a-pass-word"
timeout = 5

[connectors.hook]
kind = "webhook"
rate = 2.5
endpoints.ops.url = "http://127.0.0.1:1/a-token"
""")
    env = {name: value for name, value in os.environ.items() if not name.upper().startswith("HEADGATE")}

    async def run(*words: str) -> Done:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "headgate.cli.main", "-c", str(path), "connector", *words),
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return Done(process.returncode or 0, out.decode(), err.decode())

    return run
