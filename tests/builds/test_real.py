"""The whole way on a real cluster: a comment, jobs that really run as another user, rows, results."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headgate.builds.jobs.place import BuildCluster
from headgate.config.slurm import SlurmSettings
from headgate.events.journal import Journal
from headgate.events.sources.watcher import Watcher, WatcherSettings
from headgate.executor.client import ExecutorClient
from headgate.model.build import BuildJob, JobPhase
from headgate.model.pull_request import Reaction
from headgate.service.gateway import account_of
from headgate.service.watchers import Slurm
from headgate.slurm.client import SlurmClient
from headgate.store import builds
from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from headgate.testing.executor import RunningExecutor
from tests.builds.build_place import REPOSITORY, TARGETS, BuildPlace, settings_of, until

pytestmark = pytest.mark.slow

USER = "ada"
ROW = re.compile(r"\|[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}\|(?P<status>[a-z ]+)\|(?P<comment>.*)\|")


class RealPlace:
    """Builds on a real cluster, with the executor as root, an engine and a watcher in this process."""

    def __init__(self, cluster: Cluster, store: Store, directory: Path, **more: Any) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="builds-", dir=cluster.shared))
        self.base.chmod(0o755)
        root = self.base / "jobs"
        root.mkdir()
        shutil.chown(root, USER, USER)
        self.executor = RunningExecutor(self.base / "executor", service="root", roots=[str(root)], bin=cluster.bin)
        client = SlurmClient(SlurmSettings(bin=cluster.bin))
        actor = ExecutorClient(self.executor.socket)
        where = BuildCluster(
            name=cluster.name,
            files=actor,
            jobs=actor,
            find=client.find_by_directory,
            account=account_of(client),
            user=USER,
            root=str(root),
        )
        self.client, self.root = client, root
        self.place = BuildPlace(store, directory, where, settings_of(root, directory / "mirrors", USER, **more))
        self._watcher = Watcher(
            store, Journal(), Slurm(client), WatcherSettings(interval=1.0, min_interval=0.2, grace=None)
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[BuildPlace]:
        """Run it all."""
        self._begin()
        with self.executor:
            watching = asyncio.create_task(self._watcher.run())
            try:
                yield self.place
            finally:
                self._watcher.stop()
                await self._end()
                await asyncio.wait([watching], timeout=30)
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                shutil.rmtree(self.base)

    async def restart(self) -> None:
        """End the engine, and begin another."""
        await self._end()
        self._begin()

    def _begin(self) -> None:
        self._engine = self.place.engine()
        self._task = asyncio.create_task(self._engine.run())

    async def _end(self) -> None:
        self._engine.stop()
        async with asyncio.timeout(60):
            await self._task


@pytest.fixture
async def real(slurm_cluster: Cluster, store: Store, tmp_path: Path) -> RealPlace:
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    return RealPlace(slurm_cluster, store, tmp_path)


def check_directory(job: BuildJob) -> None:
    """Check what is in the directory of a job that is over."""
    where = Path(job.directory)
    assert where.owner() == USER
    [linked] = [pull / str(job.job_id) for pull in where.parents if pull.name == "pr_7"]
    assert linked.is_symlink()
    assert linked.resolve() == where.resolve()
    metadata = (where / f"_bot_job{job.job_id}.metadata").read_text()
    assert f"repo = org/software\npr_number = 7\npr_comment_id = {job.comment_id}\n" in metadata
    assert (where / "easystacks/new.yml").read_text() == "new\n"
    assert "software_subdir = x86_64/amd/zen2" in (where / "cfg/job.cfg").read_text()
    assert (where / "7.diff").read_text().startswith("diff --git a/easystacks/new.yml")


def tree_of(job: BuildJob, name: str) -> str:
    """Return what is in a file of a job's tree."""
    return Path(job.directory, name).read_text()


def log_of(job: BuildJob) -> str:
    """Return what a job has printed by now."""
    return Path(job.directory, f"slurm-{job.job_id}.out").read_text()


def rows_of(body: str) -> list[str]:
    """Return the statuses of a comment's rows."""
    return [found["status"] for line in body.splitlines() if (found := ROW.fullmatch(line))]


async def test_a_comment_is_built_tested_and_told_of(real: RealPlace) -> None:
    async with real.running() as place:
        head = place.pull_request()
        said = await place.comment("Please.\nbot: build repo:site.org-2026 for:arch=x86_64/amd/zen2")

        async def done() -> bool:
            return bool([job for job in await place.jobs() if job.phase is JobPhase.DONE])

        await until(done, 120, place.bodies)
        await until(lambda: "test result" in place.bodies()[-1])
        [job] = await place.jobs()
        answer, told = place.bodies()
        assert (said.id, Reaction.SEEN) in place.forge.reactions
        assert f"submitted job `{job.job_id}`" in answer
        lines = told.splitlines()
        assert lines[:5] == [
            "New job on instance `test-bot` for repository `site.org-2026`",
            "Building on: `amd-zen2`",
            "Building for: `x86_64/amd/zen2`",
            f"Job dir: `{job.directory}`",
            f"Commit SHA: `{head}`",
        ]
        assert rows_of(told) == ["submitted", "released", "running", "finished", "test result"]
        assert "100% done, 5% spare" in told
        assert job.result == {"status": "SUCCESS", "test": "SUCCESS", "artefacts": ["artefact-1.tar.gz"]}
        check_directory(job)


async def test_the_merge_of_both_is_built_by_a_job_that_begins_later(
    slurm_cluster: Cluster, store: Store, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    how = {"handover": "delayed_begin", "begin_delay": 1.0, "pinned": "merge"}
    real = RealPlace(slurm_cluster, store, tmp_path, jobs=how)
    async with real.running() as place:
        place.pull_request()
        origin = place.origins[REPOSITORY]
        newer = origin.commit({"newer": "than the pull request\n"}, push="refs/heads/main", on=origin.base)
        await place.comment("bot: build repo:site.org-2026 for:arch=x86_64/amd/zen2")
        await until(lambda: any("|test result|" in body for body in place.bodies()), 120, place.bodies)
        told = place.bodies()[-1]
        assert rows_of(told) == ["submitted", "received", "running", "finished", "test result"]
        assert "(eligible to start from " in told
        [job] = await place.jobs()
        check_directory(job)
        assert tree_of(job, "newer") == "than the pull request\n"
        run = await store.read(lambda c: builds.get_run(c, job.run_id))
        assert run is not None
        assert run.built_commit not in (job.commit, newer)


async def test_what_goes_wrong_on_a_real_cluster_is_told(
    slurm_cluster: Cluster, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    monkeypatch.setenv("HEADGATE_TEST_SECRET", "do not tell")
    targets = {
        **TARGETS,
        "gone": {**TARGETS["zen2"], "slurm_options": ["--partition=gone"]},
    }
    real = RealPlace(slurm_cluster, store, tmp_path, targets=targets)
    async with real.running() as place:
        place.pull_request(files={"bot/build.sh": "env; echo 'FATAL: no such thing'; sleep 300\n"})
        await place.comment("bot: build repo:site.org-2026 for:arch=x86_64/amd/zen2")
        await until(lambda: any("submitted job `" in body for body in place.bodies()), 60, place.bodies)
        answer = next(body for body in place.bodies() if "submitted job `" in body)
        assert "invalid partition specified: gone" in answer

        async def runs() -> bool:
            return any(job.phase is JobPhase.RUNNING for job in await place.jobs())

        await until(runs, 120)
        [job] = [job for job in await place.jobs() if job.job_id]
        await until(lambda: "FATAL" in log_of(job))
        assert "SLURM_JOB_ID" in log_of(job)
        assert "HEADGATE_TEST_SECRET" not in log_of(job)
        assert "VIRTUAL_ENV" not in log_of(job)
        # The account's own scancel, as a person would: Headgate was not asked.
        await real.client.cancel(str(job.job_id), USER)

        async def told() -> bool:
            return any("was cancelled" in body for body in place.bodies())

        await until(told, 120, place.bodies)
        body = next(body for body in place.bodies() if "was cancelled" in body)
        assert rows_of(body)[-1] == "finished"
        assert "**CANCELLED**" in body
        assert "no such thing" in body.rpartition("|finished|")[2]


async def test_a_new_engine_goes_on_with_the_jobs_of_the_one_before(real: RealPlace) -> None:
    async with real.running() as place:
        place.pull_request(files={"bot/build.sh": "sleep 3\n"})
        await place.comment("bot: build all confirmed repo:site.org-2026")

        async def submitted() -> bool:
            return any(job.job_id for job in await place.jobs())

        await until(submitted, 60)
        await real.restart()

        async def done() -> bool:
            jobs = await place.jobs()
            return len(jobs) == 2 and all(job.phase is JobPhase.DONE for job in jobs)

        await until(done, 120)
        await until(lambda: sum("|test result|" in body for body in place.bodies()) == 2)
        for body in [body for body in place.bodies() if body.startswith("New job")]:
            assert rows_of(body) == ["submitted", "released", "running", "finished", "test result"]


async def test_a_command_cancels_a_job_that_runs(real: RealPlace) -> None:
    async with real.running() as place:
        place.pull_request(files={"bot/build.sh": "sleep 300\n"})
        await place.comment("bot: build repo:site.org-2026 for:arch=x86_64/amd/zen2")

        async def runs() -> bool:
            return any(job.phase is JobPhase.RUNNING for job in await place.jobs())

        await until(runs, 120)
        await place.comment("bot: cancel")
        await until(lambda: any("was cancelled|" in body for body in place.bodies()), 120, place.bodies)
        [job] = await place.jobs()
        assert (job.phase, job.state, job.cancelled_by) == (JobPhase.DONE, "CANCELLED", "ada")


async def test_a_job_that_slurm_ends_at_its_limit_is_told_with_advice(
    slurm_cluster: Cluster, store: Store, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    targets = {"zen2": {**TARGETS["zen2"], "slurm_options": ["--time=1"]}}
    real = RealPlace(slurm_cluster, store, tmp_path, targets=targets)
    async with real.running() as place:
        place.pull_request(files={"bot/build.sh": "echo 'it takes its time'\nsleep 600\n"})
        await place.comment("bot: build repo:site.org-2026 for:arch=x86_64/amd/zen2")
        await until(lambda: any("|test result|" in body for body in place.bodies()), 300, place.bodies)
        told = place.bodies()[-1]
        assert rows_of(told) == ["submitted", "released", "running", "finished", "test result"]
        assert "**TIMEOUT**" in told
        assert "reached its time limit" in told
        assert "it takes its time" in told
        [job] = await place.jobs()
        assert (job.state, job.result["status"]) == ("TIMEOUT", "FAILURE")
