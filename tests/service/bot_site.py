"""A service with bots that really runs, the chats they are in, and this machine's users."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headgate.events.sources.mail.install import program_text
from headgate.events.sources.stored_jobs import stored_job
from headgate.store import deliveries, jobs, links
from headgate.store.deliveries import Delivery, DeliveryFilter
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm
from tests.bots.site import known
from tests.service.chats.chat import PATIENCE, Chat, Someone
from tests.service.chats.matrix import open_matrix
from tests.service.chats.mattermost import Mattermost, open_mattermost
from tests.service.chats.slack import open_slack
from tests.service.chats.telegram import open_telegram
from tests.service.running import RunningHeadgate
from tests.web.local.serving import open_directory, run_as

NAMES = ("slack", "mattermost", "telegram", "matrix")
STRICT = "strict"
"""A connector that tells only people whose account is linked."""
MINE, OTHERS = "daemon", "bin"
"""Users of this machine."""


@dataclass
class Site:
    """A service with bots, the chats they are in, and this machine's users."""

    directory: Path
    url: str
    slurm: FakeSlurm
    chats: dict[str, Chat]
    service: RunningHeadgate
    store: Store
    codes: list[str] = field(default_factory=list)
    linked: dict[str, Someone] = field(default_factory=dict)

    async def me(self, user: str, *words: str) -> str:
        """Run ``headgate me`` as a user of this machine."""
        argv = [sys.executable, "-m", "headgate.cli.main", "me", *words]
        socket = str(self.directory / "headgate.sock")
        done = await asyncio.to_thread(run_as, user, argv, HEADGATE_SOCKET=socket)
        assert (done.returncode, done.stderr) == (0, "")
        shown: str = done.stdout
        return shown

    async def code(self, user: str, connector: str) -> str:
        """Return what a user is told to say to the bot."""
        shown = await self.me(user, "link", connector)
        say: str
        (say,) = re.findall(r"^ +(link \S+)$", shown, re.MULTILINE)
        self.codes.append(say.removeprefix("link "))
        return say

    async def issued(self, user: str, connector: str) -> str:
        """Return the same as ``code``, without the command line: processes take their time."""
        code = await self.store.write(lambda c: links.issue(c, user, connector, now=time.time(), lifetime=600))
        self.codes.append(code)
        return f"link {code}"

    async def linked_person(self, user: str, connector: str) -> Someone:
        """Return somebody who has linked a chat to an account."""
        person = await self.chats[connector].arrives()
        said = await person.ask(await self.issued(user, connector))
        assert f"linked to the account {user} now" in said.text
        return person

    async def regular(self, connector: str) -> Someone:
        """Return the one who stays linked to ``MINE`` in a chat, and has a job."""
        if connector not in self.linked:
            self.linked[connector] = await self.linked_person(MINE, connector)
            await self.has_job(self.job(connector), MINE)
        return self.linked[connector]

    @staticmethod
    def job(connector: str) -> int:
        """Return the job of the one who stays."""
        return 7000 + NAMES.index(connector)

    async def has_job(self, number: int, user: str) -> None:
        """Put a job into the store as the watcher does."""
        job = stored_job(known(number, user, cluster="test", submitted=int(time.time()) - 60))
        await self.store.write(lambda c: jobs.keep(c, [job], time.time()))

    async def mail(self, number: int, user: str, receiver: str, *, kind: str = "Began") -> None:
        """Have Slurm hand a mail over."""
        variables = {
            "SLURM_JOB_ID": str(number),
            "SLURM_JOB_USER": user,
            "SLURM_JOB_NAME": f"name-{number}",
            "SLURM_JOB_MAIL_TYPE": kind,
            "SLURM_CLUSTER_NAME": "test",
        }
        subject = f"Slurm Job_id={number} Name=name-{number} {kind}, Queued time 00:00:01"
        argv = [str(self.directory / "headgate-mailprog"), "-s", subject, receiver]
        await asyncio.to_thread(subprocess.run, argv, env=variables, cwd="/", check=True, timeout=60)

    async def told(self, *words: str) -> list[dict[str, Any]]:
        """Return what ``headgate WORDS --json`` lists."""
        argv = [sys.executable, "-m", "headgate.cli.main", "-c", str(self.service.config), *words, "--json"]
        done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, timeout=60, check=True)
        listed: list[dict[str, Any]] = json.loads(done.stdout)
        return listed

    async def delivery(self, number: int) -> Delivery:
        """Return the delivery about a job, once it is over."""
        wanted = DeliveryFilter(job_id=number)
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await self.store.read(lambda c: deliveries.find(c, wanted, limit=10))
                if found and not found[0].state.open:
                    (one,) = found
                    return one
                await asyncio.sleep(0.05)


def tables(directory: Path, url: str, slurm: FakeSlurm, chats: dict[str, Chat]) -> dict[str, dict[str, Any]]:
    """Return the configuration."""
    made: dict[str, dict[str, Any]] = {
        "store": {"url": url},
        "spool": {"path": str(directory / "spool"), "poll": 0.1},
        "slurm": {"cluster": "test", "bin": str(slurm.bin)},
        "accounting": {"wait": 0, "first_after": 0},
        "local": {"socket": str(directory / "headgate.sock"), "commands_per_minute": 1000},
        "service": {"listen": "127.0.0.1:0", "parts": ["worker", "mail", "bots", "local"], "stop_deadline": 5.0},
        "notify": {"default_connector": "telegram"},
    }
    for name, chat in chats.items():
        table = chat.table()
        made[f"connectors.{name}.bot"] = table.pop("bot")
        made[f"connectors.{name}"] = table
    return made


class StrictMattermost(Mattermost):
    """A Mattermost whose connector tells only people whose account is linked."""

    name = STRICT

    def table(self) -> dict[str, Any]:
        return super().table() | {"linked_only": True}


async def _open_chats(stack: AsyncExitStack) -> dict[str, Chat]:
    matrix = await stack.enter_async_context(open_matrix())
    opened = (open_slack(), open_mattermost(), open_mattermost(StrictMattermost), open_telegram())
    chats: list[Chat] = [await stack.enter_async_context(one) for one in opened]
    return {chat.name: chat for chat in (*chats, matrix)}


@asynccontextmanager
async def running_site() -> AsyncIterator[Site]:
    """Start everything; in the end the service has to stop in time, and to have logged no error."""
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(open_directory())
        (directory / "spool").mkdir()
        (directory / "headgate-mailprog").write_text(program_text(directory / "spool"))
        (directory / "headgate-mailprog").chmod(0o755)
        chats = await _open_chats(stack)
        slurm = FakeSlurm(directory / "slurm", cluster="test")
        for command in ("squeue", "sacct", "scancel"):
            slurm.says(command)
        url = f"sqlite:///{directory}/headgate.db"
        store = Store(url)
        stack.callback(store.close)
        await asyncio.to_thread(migrate, store)
        service = RunningHeadgate(directory, tables(directory, url, slurm, chats))
        await stack.enter_async_context(service)
        yield Site(directory, url, slurm, chats, service, store)
        assert await service.stop() == 0
        assert service.events("part.late") == 0
        assert [line for line in service.lines() if line["level"] in ("error", "critical")] == []
