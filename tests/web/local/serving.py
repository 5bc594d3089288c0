"""A local socket that is served for a test, and clients that are other users of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from headgate.actions.desk import Desk
from headgate.bots.rates import Rates
from headgate.config.local import LocalSettings
from headgate.errors import RecipientError
from headgate.notify.addresses import Addressing
from headgate.notify.connector import Commit, Connector, Delivered, Envelope, Outcome
from headgate.store.store import Store
from headgate.web.local.desk import LocalDesk, SignInLinks
from headgate.web.local.routes import make_local_app
from headgate.web.local.server import LocalServer

ME: Final = pwd.getpwuid(os.geteuid()).pw_name

_ASK: Final = """
import http.client, json, socket, sys
path, method, url, body = sys.argv[1:]
connection = http.client.HTTPConnection("headgate", timeout=30)
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect(path)
connection.request(method, url, body or None, {"Content-Type": "application/json", "X-Forwarded-User": "root"})
answer = connection.getresponse()
print(json.dumps([answer.status, answer.read().decode()]))
"""


@dataclass
class Chat:
    """A connector that reaches people only by ids; ``mailto`` also by name."""

    name: str
    repeat_safe: bool = True
    wants_events: bool = False

    def check_target(self, target: str) -> str:
        if self.name != "mailto" and not target.startswith("D"):
            raise RecipientError("no such id")
        return f"{target}@example.org" if self.name == "mailto" else target

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        del envelope, commit
        return Delivered()

    async def aclose(self) -> None:
        return


SIGN_IN: Final = SignInLinks("https://headgate.example.org", 120.0)
CONNECTORS: Final[dict[str, Connector]] = {name: Chat(name) for name in ("mailto", "matrix", "slack", "hook")}
ADDRESSING: Final = {"slack": Addressing(bot=True), "matrix": Addressing(bot=True, linked_only=True)}


@dataclass
class Local:
    """What is served, and where."""

    store: Store
    path: Path
    desk: LocalDesk
    headers: Mapping[str, str] = field(default_factory=dict)

    async def ask(self, method: str, url: str, body: Any = None) -> httpx2.Response:
        """Ask as the user who runs the tests."""
        transport = httpx2.AsyncHTTPTransport(uds=str(self.path))
        async with httpx2.AsyncClient(transport=transport, base_url="http://headgate", timeout=30) as client:
            return await client.request(method, url, json=body, headers=dict(self.headers))

    async def ask_as(self, user: str, method: str, url: str, body: Any = None) -> tuple[int, Any]:
        """Ask as another user of this machine, in a process of theirs; return the status and the answer."""
        text = "" if body is None else json.dumps(body)
        done = await asyncio.to_thread(run_as, user, [sys.executable, "-c", _ASK, str(self.path), method, url, text])
        assert done.returncode == 0, done.stderr
        status, answer = json.loads(done.stdout)
        return status, json.loads(answer) if answer else None


def run_as(user: str | int, argv: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as another user of this machine. Skips the test where that cannot be done."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    uid = user if isinstance(user, int) else pwd.getpwnam(user).pw_uid
    env = {name: value for name, value in os.environ.items() if not name.startswith("HEADGATE")}
    return subprocess.run(
        argv,
        user=uid,
        group=uid,
        extra_groups=[],
        cwd="/",
        env={**env, "HOME": "/", "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextlib.contextmanager
def open_directory() -> Iterator[Path]:
    """Make a directory that every user may enter; pytest's own are for nobody else."""
    with tempfile.TemporaryDirectory(prefix="headgate-local-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@contextlib.asynccontextmanager
async def serving(
    store: Store,
    *,
    rates: Rates | None = None,
    actions: Desk | None = None,
    sign_in: SignInLinks | None = SIGN_IN,
    **settings: Any,
) -> AsyncIterator[Local]:
    """Serve the local socket."""
    with open_directory() as directory:
        path = directory / "headgate.sock"
        desk = LocalDesk(
            store,
            LocalSettings(socket=str(path), **settings),
            CONNECTORS,
            ADDRESSING,
            "mailto",
            actions,
            sign_in,
            rates=rates or Rates(1000),
        )
        server = LocalServer(make_local_app(desk), path)
        running = asyncio.create_task(server.run())
        try:
            yield Local(store, path, desk)
        finally:
            server.stop()
            await asyncio.wait_for(running, 30)
        assert not path.exists()
