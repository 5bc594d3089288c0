"""``headgate serve`` is killed between any two steps of a build on a real cluster: nothing is lost, nothing done twice.

By SIGKILL, in a process of its own, at every second of its writes to GitHub when that was done and the answer is on its
way (with ``--every-kill`` at each of them, before and behind it, and at each fetch), before and behind sbatch and the
release, and while the job runs and ends. Each time another one is started, and goes on with the same build.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from headgate.testing.github import FakeGitHub
from headgate.testing.github.description import FILE
from tests.builds.gates import Gates
from tests.builds.origin import BUILD
from tests.builds.test_real import rows_of
from tests.builds.test_served import MODULES, Served

pytestmark = pytest.mark.slow
PATIENCE = 600.0


class DeadlyGitHub(FakeGitHub):
    """Has whoever asks it killed at every second write, when that is done and no answer given.

    ``every``: at each of them, also before it is done, and before each fetch. A write that is repeated since its
    answer was lost is answered. While ``ready`` is not set, writes wait.
    """

    def __init__(self, modules: Path, *, every: bool) -> None:
        super().__init__(modules)
        self.kill: Callable[[], Awaitable[None]] | None = None
        self.ready = asyncio.Event()
        self.killed: list[str] = []
        self.steps: list[str] = []
        self.every = every

    async def _api(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET" or request.path.endswith("/access_tokens"):
            return await super()._api(request)
        step = f"{request.method} {request.path} {await request.text()}"
        if self.every and await self._dies(f"before {step}"):
            return web.Response(status=503)
        answer = await super()._api(request)
        await self._dies(f"behind {step}")
        return answer

    async def _git(self, request: web.Request) -> web.StreamResponse:
        if self.every and await self._dies(f"before git {request.path_qs}"):
            return web.Response(status=503)
        return await super()._git(request)

    async def _dies(self, step: str) -> bool:
        """Kill who asks, if that did not happen at this step already; say whether it did now."""
        await self.ready.wait()
        if step in self.steps or self.kill is None:
            return False
        self.steps.append(step)
        if len(self.steps) % 2 and not self.every:
            return False
        self.killed.append(step)
        await self.kill()
        return True


class Killed:
    """A service that is killed again and again, and one build that it works on."""

    def __init__(self, served: Served, github: DeadlyGitHub, gates: Gates, cluster: Cluster) -> None:
        self.served, self.gates, self._github, self._cluster = served, gates, github, cluster
        self.kills: list[str] = []
        self.every = github.every
        github.kill = self.kill

    async def kill(self) -> None:
        """End the service as nothing else does."""
        self._github.ready.clear()
        await self.served.headgate.kill()

    async def live(self, over: Callable[[], bool]) -> None:
        """Have the service work until something holds; it is killed, and started again, meanwhile."""
        async with asyncio.timeout(PATIENCE):
            while not (self.served.headgate.runs and over()):
                for name in self.gates.waiting():
                    await self._gate(name)
                if not self.served.headgate.runs:
                    await self.served.begin()
                self._github.ready.set()
                await asyncio.sleep(0.05)

    async def _gate(self, name: str) -> None:
        """Kill the service while something waits, and let that go on without it; a job ends before there is a new one.

        What was written of the job before is written first.
        """
        if name == "job" and "|running|" not in self.table():
            return
        await self.kill()
        self.kills.append(name)
        self.gates.open(name)
        if name == "job":
            [job] = await self.served.jobs_known()
            await asyncio.to_thread(self._cluster.wait_for_job, job.job_id)

    def table(self) -> str:
        """Return the comment of the job, if there is one."""
        return next((body for body in self.served.bodies() if body.startswith("New job")), "")


@pytest.fixture
async def killed(slurm_cluster: Cluster, request: pytest.FixtureRequest) -> AsyncIterator[Killed]:
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    if not (MODULES / FILE).exists():
        pytest.skip("@octokit/openapi is not in .counterparts")
    async with DeadlyGitHub(MODULES, every=request.config.getoption("--every-kill")) as github:
        gates = Gates(slurm_cluster.shared)
        programs = gates.programs(slurm_cluster.bin, "sbatch", "scontrol")
        served = Served(slurm_cluster, github, bin=programs, builds={"chat": "chatty"})
        served.pull.head = served.origin.pull_request(7, {"bot/build.sh": gates.lines("job") + BUILD})
        async with served.running():
            github.ready.set()
            yield Killed(served, github, gates, slurm_cluster)
        assert github.faults == []


async def actions(served: Served) -> list[str]:
    """Return what the audit log has, oldest first."""
    store = Store(served.url)
    try:
        found = await store.read(lambda c: audit.find(c, AuditFilter(), limit=1000))
    finally:
        await asyncio.to_thread(store.close)
    return [one.action for one in found]


@pytest.mark.timeout(1200)
async def test_a_build_survives_the_death_of_the_service_at_each_of_its_steps(killed: Killed) -> None:
    served, github = killed.served, killed.served.github
    assert isinstance(github, DeadlyGitHub)
    said = await github.say(served.pull, "ada", "bot: build repo:EESSI for:arch=x86_64/amd/zen2")
    await killed.live(lambda: "|test result|" in killed.table() and len(said.reactions) > 1)
    await github.label(served.pull, "bot:deploy", "ada")
    await killed.live(
        lambda: "|uploaded|" in killed.table() and any("uploaded" in body for body in served.bodies()[2:])
    )
    await github.close(served.pull, "ada", merged=True)
    await killed.live(lambda: any("PR closed!" in body for body in served.bodies()))
    assert killed.kills == ["sbatch-before", "sbatch-behind", "scontrol-before", "scontrol-behind", "job"]
    assert len(github.killed) >= (20 if killed.every else 5), github.killed
    [job] = await served.jobs_known()
    answer, table, deployed, closed = served.bodies()
    assert killed.gates.calls("sbatch") == 1
    assert f"submitted job `{job.job_id}`" in answer
    assert rows_of(table) == ["submitted", "released", "running", "finished", "test result", "uploaded"]
    assert "`artefact-1.tar.gz`" in deployed
    assert "trash" in closed
    assert [what for what, _ in said.reactions] == ["eyes", "rocket"]
    assert served.deployed() == ["artefact-1.tar.gz"]
    assert served.in_trash(f"_bot_job{job.job_id}.result")
    once = {"build submit", "build deploy sent", "build clean up"}
    found = [one for one in await actions(served) if one in once]
    assert sorted(found) == sorted(once), found
