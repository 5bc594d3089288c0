"""A real ``headgate serve`` in a process of its own, for tests."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx2

_SETPRIV = ("/usr/bin/setpriv", "--init-groups", "--pdeathsig=KILL")


def toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a configuration file: table name -> keys, whose values JSON writes as TOML does."""
    lines: list[str] = []
    for name, keys in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
    return "\n".join(lines) + "\n"


class RunningHeadgate:
    """Starts, kills and stops the service; use it as an async context manager."""

    def __init__(
        self,
        directory: Path,
        tables: Mapping[str, Mapping[str, Any]],
        *,
        name: str = "headgate",
        account: str | None = None,
        source: Path | None = None,
    ) -> None:
        """``account``: whom it runs as; None: as whoever runs the tests. ``source``: where another headgate is."""
        self.config = directory / f"{name}.toml"
        self.log = directory / f"{name}.log"
        self._tables = tables
        self._become = [] if account is None else [*_SETPRIV, f"--reuid={account}", f"--regid={account}", "--"]
        self._source = {} if source is None else {"PYTHONPATH": str(source)}
        self._process: asyncio.subprocess.Process | None = None
        self.write(tables)

    def write(self, tables: Mapping[str, Mapping[str, Any]]) -> None:
        """Write the configuration (again)."""
        self.config.write_text(toml({"local": {"socket": "off"}, **tables}))
        self.config.chmod(0o600)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it, and wait until it works."""
        before = self.events("service.started")
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._become,
                sys.executable,
                "-m",
                "headgate.cli.main",
                "-c",
                str(self.config),
                "serve",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
                env={key: value for key, value in os.environ.items() if not key.startswith("HEADGATE")} | self._source,
            )
        async with asyncio.timeout(60):
            while self.events("service.started") == before:
                assert self._process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def port(self) -> int:
        """Where its HTTP server listens."""
        port: int = next(line["port"] for line in reversed(self.lines()) if line.get("event") == "http.listening")
        return port

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.returncode is None

    async def kill(self) -> None:
        """End it with SIGKILL."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """End it with SIGTERM; return its exit status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        async with asyncio.timeout(60):
            return await self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def events(self, name: str) -> int:
        """Return how often an event stands in its log."""
        return sum(line.get("event") == name for line in self.lines())

    def lines(self) -> list[dict[str, Any]]:
        """Return its log."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    async def get(self, path: str) -> httpx2.Response:
        """Ask its HTTP server."""
        async with httpx2.AsyncClient() as client:
            return await client.get(f"http://127.0.0.1:{self.port}{path}")


def _die_with_parent() -> None:
    """Leave nothing running when the tests themselves are killed: prctl(2), PR_SET_PDEATHSIG."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def mail_only(directory: Path, url: str, port: int, **connector: Any) -> dict[str, dict[str, Any]]:
    """Return the configuration of a service that only delivers, by SMTP to a port on loopback."""
    spool = directory / "spool"
    spool.mkdir(exist_ok=True)
    return {
        "store": {"url": url},
        "spool": {"path": str(spool)},
        "slurm": {"cluster": "test"},
        "notify": {"backoff_first": 0.1, "backoff_max": 1.0, "lease": 3.0, "attempts": 50},
        "connectors.mailto": {
            "host": "127.0.0.1",
            "port": port,
            "from_address": "slurm@example.org",
            "domain": "example.org",
            "timeout": 2.0,
            "recipient_burst": 100_000,
            "rate": 100_000.0,
            "burst": 100_000,
        }
        | connector,
        "service": {"listen": "127.0.0.1:0", "parts": ["worker", "http"], "stop_deadline": 5.0},
    }
