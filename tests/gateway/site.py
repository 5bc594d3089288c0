"""A whole gateway: a real cluster, the executor as root, and ``headgate serve`` as an account without privileges."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self

import httpx2

from headgate.gateway.apps import Apps
from headgate.model.app import App, AppRules
from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from headgate.testing.cluster.accounts import REST_USER
from headgate.testing.executor import RunningExecutor
from tests.service.running import RunningHeadgate

SERVICE = REST_USER
"""Any system account will do as the service's."""
USERS = ("ada", "ben")
PATIENCE = 60.0
SLEEP = "#!/bin/bash\nsleep 300\n"


class Gateway:
    """Everything together; use it as an async context manager."""

    account = SERVICE
    """Whom Headgate runs as."""

    def __init__(self, cluster: Cluster, directory: Path, url: str | None = None, **tables: Mapping[str, Any]) -> None:
        self.cluster = cluster
        self.directory = directory
        self.users = cluster.shared / f"gateway-{directory.name}"
        self.url = url or f"sqlite:///{directory}/headgate.db"
        self.executor = RunningExecutor(
            cluster.shared / f"executor-{directory.name}",
            service=self.account,
            roots=[f"{self.users}/%u", "~"],
            bin=cluster.bin,
        )
        self._tables = tables
        self.headgate: RunningHeadgate
        self.port = 0
        self.app: App
        self.token = ""
        self.admin = ""

    def tables(self) -> dict[str, dict[str, Any]]:
        tables: dict[str, dict[str, Any]] = {
            "store": {"url": self.url},
            "spool": {"path": f"{self.directory}/spool"},
            "slurm": {"bin": str(self.cluster.bin), "timeout": 10.0},
            "watcher": {"interval": 1.0, "min_interval": 0.2},
            "executor": {"socket": str(self.executor.socket), "roots": [f"{self.users}/%u", "~"]},
            "gateway": {"directory": f"{self.users}/%u/jobs"},
            "service": {"listen": "127.0.0.1:0", "parts": ["watcher", "worker", "http", "api"], "stop_deadline": 8.0},
        }
        for name, more in self._tables.items():
            tables.setdefault(name.replace("__", "."), {}).update(more)
        return tables

    async def __aenter__(self) -> Self:
        account = pwd.getpwnam(self.account)
        self.directory.chmod(0o755)
        for above in self.directory.parents:
            if above.stat().st_uid == os.geteuid() and str(above).startswith("/tmp/"):  # noqa: S108 - pytest's own
                above.chmod(above.stat().st_mode | 0o055)
        (self.directory / "spool").mkdir(exist_ok=True)
        self.users.mkdir(exist_ok=True)
        for user in USERS:
            (self.users / user).mkdir(exist_ok=True)
            shutil.chown(self.users / user, user, user)
            (self.users / user).chmod(0o700)
        self.headgate = RunningHeadgate(self.directory, self.tables(), account=self.account)
        for path in (self.directory, self.directory / "spool", self.headgate.config):
            os.chown(path, account.pw_uid, account.pw_gid)
        self.executor.start()
        try:
            await self.headgate.start()
            await self.ready()
            await self.make_app()
        except BaseException:
            await self.headgate.stop()
            self.executor.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.headgate.stop()
        self.executor.stop()
        shutil.rmtree(self.users)

    async def ready(self) -> None:
        """Wait until the gateway serves, also after it was started again."""
        self.port = next(
            line["port"] for line in reversed(self.headgate.lines()) if line.get("event") == "http.listening"
        )
        async with asyncio.timeout(PATIENCE), httpx2.AsyncClient(trust_env=False) as client:
            while (await client.get(f"http://127.0.0.1:{self.port}/jobs")).status_code == 503:
                await asyncio.sleep(0.05)

    async def make_app(self) -> None:
        """Make an app that may act for everybody, and an administrator's token, as ``headgate app`` does."""
        store = Store(self.url)
        try:
            apps = Apps(store)
            self.app, self.token = await apps.add("portal", AppRules(any_user=True, rate=10_000, burst=100_000))
            _, self.admin = await apps.give_token(None, "admin")
        finally:
            await asyncio.to_thread(store.close)

    def client(self, user: str | None = "ada", token: str | None = None, **headers: str) -> httpx2.AsyncClient:
        """Return a client of the app, acting for a user."""
        given = {"X-Auth-Token": token or self.token, "Accept": "application/json", **headers}
        if user is not None:
            given["User"] = user
        return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=given, timeout=60, trust_env=False)

    async def job(self, client: httpx2.AsyncClient, job_id: str) -> dict[str, Any]:
        """Return a job as the API shows it."""
        answer = await client.get(f"/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def until(
        self,
        client: httpx2.AsyncClient,
        job_id: str,
        holds: Callable[[dict[str, Any]], bool],
        patience: float = PATIENCE,
    ) -> dict[str, Any]:
        """Wait until something holds of a job, and return it as it is then."""
        deadline = time.monotonic() + patience
        while True:
            shown = await self.job(client, job_id)
            if holds(shown):
                return shown
            assert time.monotonic() < deadline, f"{shown}\n{self.headgate.log.read_text()[-3000:]}"
            await asyncio.sleep(0.1)

    async def ended(self, client: httpx2.AsyncClient, job_id: str) -> dict[str, Any]:
        """Wait until a job is over."""
        return await self.until(client, job_id, lambda shown: shown["phase"] == "ended")

    async def submit(self, client: httpx2.AsyncClient, **request: Any) -> dict[str, Any]:
        """Create and start a job."""
        answer = await client.post("/jobs", json=request)
        assert answer.status_code == 201, answer.text
        shown: dict[str, Any] = answer.json()
        return shown


async def until(holds: Callable[[], Awaitable[object]] | Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + patience
    while True:
        value = holds()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return
        assert time.monotonic() < deadline, "it did not come to hold"
        await asyncio.sleep(0.1)
