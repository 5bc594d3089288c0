"""Apprise's processes: started when there is something to send, kept, and ended when they do not answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from headgate.connectors.apprise.report import Report, read_report
from headgate.errors import ConnectorError

_TIME_TO_START = 60.0
"""Seconds a process has to load Apprise and its two hundred services: one or two on a machine that is not busy."""
_TIME_TO_END = 2.0
_KEPT = ("PYTHONPATH", "LD_LIBRARY_PATH", "TZ", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables a process is given of our environment; no proxy, no home, no secret."""


class Worker:
    """One process. It sends one notification at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, ca_file: Path | None) -> Worker:
        """Start a process, and wait until it is ready. Raises ConnectorError."""
        command = (sys.executable, "-P", "-m", "headgate.connectors.apprise.worker")
        environment = _environment(ca_file)
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, start_new_session=True
        )
        worker = cls(process)
        try:
            async with asyncio.timeout(_TIME_TO_START):
                await worker._ready()
        except BaseException:
            await worker.kill()
            raise
        return worker

    async def ask(self, job: Mapping[str, object]) -> Report:
        """Have a notification sent. Raises ConnectorError if the process ends or says nonsense."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            await self._process.stdin.drain()
        except OSError as error:
            raise ConnectorError("Apprise's process has ended", transient=True) from error
        return read_report(await self._line())

    async def end(self) -> None:
        """Close its input, which ends it."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TIME_TO_END):
                await self._process.wait()
        await self.kill()

    async def kill(self) -> None:
        """End it at once, whatever it is doing."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _ready(self) -> None:
        if await self._line() != b"ready\n":
            raise ConnectorError("Apprise's process did not start", transient=True)

    async def _line(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            return await self._process.stdout.readline()
        except (ValueError, OSError) as error:
            raise ConnectorError("Apprise's process says too much", transient=True) from error


class Workers:
    """As many processes as may send at the same time, and no more."""

    def __init__(self, most: int, ca_file: Path | None) -> None:
        self._ca_file = ca_file
        self._free = asyncio.Semaphore(most)
        self._idle: list[Worker] = []

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[Worker]:
        """Lend a process; it is kept for others if nothing goes wrong, else ended. Raises ConnectorError."""
        async with self._free:
            worker = self._idle.pop() if self._idle else await self._start()
            try:
                yield worker
            except BaseException:
                await worker.kill()
                raise
            self._idle.append(worker)

    async def aclose(self) -> None:
        """End all processes."""
        while self._idle:
            await self._idle.pop().end()

    async def _start(self) -> Worker:
        try:
            return await Worker.start(self._ca_file)
        except (OSError, TimeoutError) as error:
            raise ConnectorError(f"Apprise's process cannot be started: {error}", transient=True) from error


def _environment(ca_file: Path | None) -> dict[str, str]:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    if ca_file is not None:
        environment["REQUESTS_CA_BUNDLE"] = str(ca_file)
    return environment
