"""The whole product: GitHub's webhook, ``headgate serve`` without privileges, the executor as root, a real cluster."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pytest

from headgate.model.build import BuildJob
from headgate.store import builds
from headgate.store.builds import JobFilter
from headgate.store.store import Store
from headgate.testing.cluster import Cluster, process
from headgate.testing.cluster.accounts import REST_USER
from headgate.testing.executor import RunningExecutor
from headgate.testing.github import FakeGitHub, PullRequest
from headgate.testing.github.description import FILE
from headgate.testing.s3.server import ObjectStoreServer
from tests.builds.build_place import until
from tests.builds.deploy.test_s3 import credentials, name
from tests.builds.deploy.verify import verifies
from tests.builds.origin import SCRIPTS, Origin
from tests.builds.test_real import rows_of
from tests.service.running import RunningHeadgate

pytestmark = pytest.mark.slow

MODULES = Path(__file__).resolve().parents[2] / ".counterparts"
SERVICE, USER = REST_USER, "ada"
NONE: Final[Mapping[str, Path]] = MappingProxyType({})


class Served:
    """Everything together. ``clusters``: further ones for the executor; ``tables``: more of the configuration.

    ``bin``: the commands that the executor starts, if they are not the cluster's own.
    """

    def __init__(
        self,
        cluster: Cluster,
        github: FakeGitHub,
        *,
        clusters: Mapping[str, Path] = NONE,
        bin: Path | None = None,  # noqa: A002 - Slurm's word
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
            self.base / "executor", service=SERVICE, roots=[str(self.jobs)], bin=bin or cluster.bin, clusters=clusters
        )
        self.key = self.own / "app.pem"
        self.key.write_text(github.private_key)
        self.key.chmod(0o600)
        self.url = f"sqlite:///{self.own}/headgate.db"
        self._given = self._tables(cluster, tables)
        self.headgate = RunningHeadgate(self.own, self._given, account=SERVICE)
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
        return merged(tables, more)

    def reconfigure(self, **tables: Mapping[str, Any]) -> None:
        """Write other settings, before the service is started."""
        self.headgate.write(merged(self._given, tables))

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


def merged(tables: dict[str, dict[str, Any]], more: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return tables with further keys; in names of tables, ``__`` is a dot."""
    for table, keys in more.items():
        tables.setdefault(table.replace("__", "."), {}).update(keys)
    return tables


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


def built(job: BuildJob, file: str) -> tuple[str, bytes]:
    """Return whose a file of a job is, and what is in it."""
    path = Path(job.directory, file)
    return path.owner(), path.read_bytes()


def own_secrets(served: Served, store: ObjectStoreServer) -> tuple[dict[str, Any], str]:
    """Make credentials and a signing key that the service's account alone can read; return settings, and a public key.

    They lie where the service keeps its own files.
    """
    keys = credentials(served.own, store.key(name("served")))
    signing = served.own / "signing.key"
    process.run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "deploys", "-f", str(signing)])
    for path in (keys, signing):
        shutil.chown(path, SERVICE, SERVICE)
    own = {"policy": "latest", "kind": "s3", "endpoint_url": store.url, "bucket": name("bucket")}
    return {**own, "credentials": str(keys)}, signing.with_suffix(".key.pub").read_text().strip()


async def test_from_a_signed_webhook_by_held_jobs_to_the_bucket_and_the_trash(
    served: Served, object_store: ObjectStoreServer, tmp_path: Path
) -> None:
    """The whole way: webhook, `bot: build`, a held job, released and run, results, deploy to S3, close."""
    deploy, public = own_secrets(served, object_store)
    object_store.client().create_bucket(Bucket=deploy["bucket"])
    artefact = "artefact-1690000000.tar.gz"
    scripts = {path: text.replace("artefact-1.tar.gz", artefact) for path, text in SCRIPTS.items()}
    served.pull.head = served.origin.pull_request(7, scripts)
    served.reconfigure(builds__deploy=deploy, builds__deploy__signing__EESSI={"key": str(served.own / "signing.key")})
    grown: list[str] = []

    def grows(word: str) -> bool:
        """Keep the job's comment each time that it is another; say whether it has a row of this status."""
        told = next((body for body in served.bodies() if body.startswith("New job")), "")
        if told and told not in grown[-1:]:
            grown.append(told)
        return f"|{word}|" in told

    async with served.running():
        await served.github.say(served.pull, "ada", "bot: build repo:EESSI for:arch=x86_64/amd/zen2")
        await until(lambda: grows("test result"), 120, served.told)
        [job] = await served.jobs_known()
        verbs = [line["verb"] for line in served.executor.audit() if line.get("verb") in ("submit", "release")]
        assert verbs == ["submit", "release"]
        assert built(job, f"_bot_job{job.job_id}.result")[0] == USER
        await served.github.label(served.pull, "bot:deploy", "ada")
        await until(lambda: grows("uploaded"), 60, served.told)
        assert len(grown) >= 3
        assert all(after.startswith(before) for before, after in pairwise(grown)), grown
        assert rows_of(grown[-1]) == ["submitted", "released", "running", "finished", "test result", "uploaded"]
        there, key = object_store.objects(deploy["bucket"]), f"artefact/1690000000/{artefact}"
        assert set(there) == {f"{key}{end}" for end in ("", ".sig", ".meta.txt", ".meta.txt.sig")}
        assert there[key] == built(job, artefact)[1]
        assert verifies(there[key], there[f"{key}.sig"], public, "test-bot", tmp_path)
        await served.github.close(served.pull, "ada", merged=True)
        await until(lambda: not Path(job.directory).exists(), 60, served.told)
        await until(lambda: served.in_trash(f"_bot_job{job.job_id}.result"), 60)


async def test_the_doctor_finds_that_all_is_well_and_what_is_not(served: Served) -> None:
    with served.executor:
        good = await served.command("build", "doctor", "--json", "--repository", "hub:site/software")
        found = {one["area"]: one["level"] for one in json.loads(good)}
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
        assert found == dict.fromkeys(names, "well")
        # The doctor of all looks at builds, too, but submits nothing.
        whole = [one for one in json.loads(await served.command("doctor", "--json")) if one["area"] == "builds"]
        assert {one["what"].partition(": ")[0] for one in whole} >= {"build account", "job directories", "hub"}
        assert {one["level"] for one in whole} == {"well"}, whole
        submitted = [line for line in served.executor.audit() if line.get("verb") == "submit"]
        assert len(submitted) == 1
        wrong = await served.command("build", "doctor", "--repository", "hub:site/none")
        assert re.search("WRONG  clone of hub:site/none +the App is not installed", wrong), wrong
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
