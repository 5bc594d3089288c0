"""The whole product: GitHub's webhook, ``headgate serve`` without privileges, the executor as root, a real cluster."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pytest

from headgate.store import builds
from headgate.store.builds import JobFilter
from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from headgate.testing.cluster.accounts import REST_USER
from headgate.testing.executor import RunningExecutor
from headgate.testing.github import FakeGitHub, PullRequest
from headgate.testing.github.description import FILE
from tests.builds.build_place import until
from tests.builds.origin import Origin
from tests.builds.test_real import rows_of
from tests.service.running import RunningHeadgate

pytestmark = pytest.mark.slow

MODULES = Path(__file__).resolve().parents[2] / ".counterparts"
SERVICE, USER = REST_USER, "ada"
NONE: Final[Mapping[str, Path]] = MappingProxyType({})


class Served:
    """Everything together. ``clusters``: further ones for the executor; ``tables``: more of the configuration."""

    def __init__(
        self,
        cluster: Cluster,
        github: FakeGitHub,
        *,
        clusters: Mapping[str, Path] = NONE,
        **tables: Mapping[str, Any],
    ) -> None:
        self.github = github
        self.base = Path(tempfile.mkdtemp(prefix="builds-", dir=cluster.shared))
        self.base.chmod(0o755)
        self.jobs, self.own = self.base / "jobs", self.base / "own"
        for path, account in ((self.jobs, USER), (self.own, SERVICE), (self.own / "deployed", SERVICE)):
            path.mkdir()
            shutil.chown(path, account, account)
        self.executor = RunningExecutor(
            self.base / "executor", service=SERVICE, roots=[str(self.jobs)], bin=cluster.bin, clusters=clusters
        )
        self.key = self.own / "app.pem"
        self.key.write_text(github.private_key)
        self.key.chmod(0o600)
        self.url = f"sqlite:///{self.own}/headgate.db"
        self.headgate = RunningHeadgate(self.own, self._tables(cluster, tables), account=SERVICE)
        for path in (self.key, self.headgate.config):
            shutil.chown(path, SERVICE, SERVICE)
        self.origin = Origin(self.base / "origin")
        stored = github.world.add_repository("site/software", github.world.install("site"), directory=self.origin.bare)
        head = self.origin.pull_request(7, {"easystacks/new.yml": "new\n"})
        self.pull: PullRequest = github.world.add_pull_request(
            stored, author="carol", number=7, head=head, base=self.origin.base
        )

    def _tables(self, cluster: Cluster, more: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        hub = {"kind": "github", "url": self.github.url, "app_id": self.github.app_id, "private_key": str(self.key)}
        tables: dict[str, dict[str, Any]] = {
            "store": {"url": self.url},
            "slurm": {"bin": str(cluster.bin), "timeout": 10.0},
            "watcher": {"interval": 1.0, "min_interval": 0.2},
            "executor": {"socket": str(self.executor.socket), "roots": [str(self.jobs)]},
            "service": {"listen": "127.0.0.1:0", "parts": ["watcher", "http", "builds"], "stop_deadline": 8.0},
            "builds": {"instance": "test-bot", "commit_states": True},
            "builds.permissions": {"command": ["ada"], "build": ["ada"], "deploy": ["ada"]},
            "builds.forges.hub": {**hub, "webhook_secret": self.github.secret},
            "builds.targets.zen2": {"architecture": "x86_64/amd/zen2", "repositories": ["EESSI"]},
            "builds.jobs": {
                "user": USER,
                "directory": str(self.jobs),
                "mirrors": f"{self.own}/mirrors",
                "time": "00:10:00",
                "trash": f"{self.jobs}/trash",
            },
            "builds.deploy": {
                "policy": "all",
                "kind": "directory",
                "directory": f"{self.own}/deployed",
                "spool": f"{self.own}/spool",
            },
        }
        for name, keys in more.items():
            tables.setdefault(name.replace("__", "."), {}).update(keys)
        return tables

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run it all."""
        with self.executor:
            try:
                await self.begin()
                yield
            finally:
                await self.headgate.stop()
                shutil.rmtree(self.base)

    async def begin(self) -> None:
        """Start the service, and have GitHub send its webhooks there."""
        await self.headgate.start()
        port = next(line["port"] for line in reversed(self.headgate.lines()) if line.get("event") == "http.listening")
        self.github.webhook_url = f"http://127.0.0.1:{port}/github/webhook"

    async def command(self, *words: str) -> str:
        """Run a command as the service's account; return what it printed."""
        become = ["/usr/bin/setpriv", "--init-groups", f"--reuid={SERVICE}", f"--regid={SERVICE}", "--"]
        program = [sys.executable, "-m", "headgate.cli.main", "-c", str(self.headgate.config)]
        process = await asyncio.create_subprocess_exec(
            *become, *program, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd="/"
        )
        output, errors = await process.communicate()
        return (output or errors).decode()

    def deployed(self) -> list[str]:
        """Return the names of what was deployed."""
        return [path.name for path in (self.own / "deployed").rglob("*.tar.gz")]

    def in_trash(self, name: str) -> bool:
        """Say whether a file lies in the trash bin."""
        return any((self.jobs / "trash").rglob(name))

    def bodies(self) -> list[str]:
        """Return our comments."""
        return [one.body for one in self.github.comments(self.pull)]

    def told(self) -> str:
        """Return what to look at when a test fails."""
        return "\n".join([*self.bodies(), self.headgate.log.read_text()[-4000:]])

    async def jobs_known(self) -> list[Any]:
        """Return what the store has of jobs."""
        store = Store(self.url)
        try:
            return list(await store.read(lambda c: builds.find_jobs(c, JobFilter(), limit=100)))
        finally:
            await asyncio.to_thread(store.close)


@pytest.fixture
async def served(slurm_cluster: Cluster) -> AsyncIterator[Served]:
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    if not (MODULES / FILE).exists():
        pytest.skip("@octokit/openapi is not in .counterparts")
    async with FakeGitHub(MODULES) as github:
        yield Served(slurm_cluster, github)
        assert github.faults == []


async def test_from_a_signed_webhook_to_the_result_in_the_pull_request(served: Served) -> None:
    async with served.running():
        said = await served.github.say(served.pull, "ada", "bot: build repo:EESSI for:arch=x86_64/amd/zen2")
        await until(lambda: any("|test result|" in body for body in served.bodies()), 120, served.told)
        answer, told = served.bodies()
        [job] = await served.jobs_known()
        assert f"submitted job `{job.job_id}`, for details & status see http" in answer
        assert rows_of(told) == ["submitted", "released", "running", "finished", "test result"]
        assert [what for what, _ in said.reactions] == ["eyes", "rocket"]
        assert job.directory.startswith(f"{served.jobs}/")
        assert "/site/software/pr_7/event_" in job.directory
        assert job.shown_state in ("success", "pending")
        # The service's own secrets are out of the build account's reach.
        assert await asyncio.to_thread(_can_read, SERVICE, served.key)
        assert not await asyncio.to_thread(_can_read, USER, served.key)


async def test_what_was_built_is_deployed_by_a_label_and_cleaned_up_when_the_pull_request_is_closed(
    served: Served,
) -> None:
    async with served.running():
        await served.github.say(served.pull, "ada", "bot: build repo:EESSI for:arch=x86_64/amd/zen2")
        await until(lambda: any("|test result|" in body for body in served.bodies()), 120, served.told)
        [job] = await served.jobs_known()
        await served.github.label(served.pull, "bot:deploy", "ada")
        await until(lambda: any("|uploaded|" in body for body in served.bodies()), 60, served.told)
        assert served.deployed() == ["artefact-1.tar.gz"]
        await served.github.close(served.pull, "ada", merged=True)
        await until(lambda: not Path(job.directory).exists(), 60, served.told)
        await until(lambda: served.in_trash(f"_bot_job{job.job_id}.result"), 60)


async def test_the_doctor_finds_that_all_is_well_and_what_is_not(served: Served) -> None:
    with served.executor:
        good = await served.command("build", "doctor", "--json", "--repository", "hub:site/software")
        found = {one["what"]: one["good"] for one in json.loads(good)}
        names = {
            "build account",
            "job directories",
            "sbatch for zen2",
            "mirrors",
            "clone of hub:site/software",
            "trash bin",
            "spool",
            "directory",
            *(f"hub: {what}" for what in ("key", "permissions", "events", "installation at site", "webhook")),
        }
        assert found == dict.fromkeys(names, True)
        wrong = await served.command("build", "doctor", "--repository", "hub:site/none")
        assert "WRONG  clone of hub:site/none" in wrong
    shutil.rmtree(served.base)


async def test_the_service_may_be_killed_while_a_job_runs(served: Served) -> None:
    served.pull.head = served.origin.pull_request(7, {"bot/build.sh": "sleep 5\n"})
    async with served.running():
        await served.github.say(served.pull, "ada", "bot: build repo:EESSI for:arch=x86_64/amd/zen2")
        await until(lambda: any("|submitted|" in body for body in served.bodies()), 120, served.told)
        await served.headgate.kill()
        await served.begin()
        await until(lambda: any("|test result|" in body for body in served.bodies()), 120, served.told)
        assert len(await served.jobs_known()) == 1
        assert rows_of(served.bodies()[-1]) == ["submitted", "released", "running", "finished", "test result"]


def _can_read(user: str, path: Path) -> bool:
    """Say whether somebody can read a file."""
    become = ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"]
    return subprocess.run([*become, "/bin/cat", str(path)], capture_output=True, check=False).returncode == 0
