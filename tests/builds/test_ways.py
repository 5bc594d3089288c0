"""Builds by other ways, each from a comment to the test result: a further cluster, slurmrestd, SSH."""

from __future__ import annotations

import asyncio
import json
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headgate.model.build import BuildJob
from headgate.model.event import EventKind
from headgate.store import journal
from headgate.store.journal import EventFilter
from headgate.store.store import Store
from headgate.testing.cluster import Cluster, temporary_cluster
from headgate.testing.github import FakeGitHub
from headgate.testing.github.description import FILE
from tests.builds.build_place import until
from tests.builds.origin import BUILD
from tests.builds.test_real import log_of, rows_of
from tests.builds.test_served import MODULES, SERVICE, USER, Served
from tests.executor.sshd import login_node

pytestmark = [pytest.mark.slurm, pytest.mark.slow]
SAYS = 'echo "built on $SLURM_CLUSTER_NAME by $(id -un) of $HOME"\n'
PATIENCE = 180.0


@pytest.fixture
async def github() -> AsyncIterator[FakeGitHub]:
    if not (MODULES / FILE).exists():
        pytest.skip("@octokit/openapi is not in .counterparts")
    async with FakeGitHub(MODULES) as strict:
        yield strict
        assert strict.faults == []


async def builds(served: Served, cluster: Cluster) -> None:
    """What a comment asks for is built on this cluster, followed there, and told; the doctor finds nothing wrong."""
    served.pull.head = served.origin.pull_request(7, {"bot/build.sh": SAYS + BUILD})
    await served.github.say(served.pull, "ada", "bot: build repo:EESSI for:arch=x86_64/amd/zen2")
    await until(
        lambda: any("|test result|" in body or "no job was submitted" in body for body in served.bodies()),
        PATIENCE,
        served.told,
    )
    rows = rows_of(served.bodies()[-1])
    assert rows == ["submitted", "released", "running", "finished", "test result"], served.told()
    [job] = await served.jobs_known()
    await check_job(served, job, cluster)


async def check_job(served: Served, job: BuildJob, cluster: Cluster) -> None:
    """Check that a job was built on a cluster, and that the doctor finds nothing wrong."""
    assert job.job_id is not None
    assert (job.cluster, job.state) == (cluster.name, "COMPLETED"), served.told()
    assert job.result == {"status": "SUCCESS", "test": "SUCCESS", "artefacts": ["artefact-1.tar.gz"]}
    assert isinstance(figures := job.outcome["figures"], dict)
    assert figures["state"] == "COMPLETED"
    assert cluster.job_state(job.job_id) == "COMPLETED"
    home = pwd.getpwnam(USER).pw_dir
    assert f"built on {cluster.name} by {USER} of {home}\n" in log_of(job)
    kinds = await kinds_of(served, cluster.name, job.job_id)
    assert {EventKind.JOB_STARTED, EventKind.JOB_ENDED} <= kinds
    said = await served.command("build", "doctor", "--json")
    assert all(one["level"] == "well" for one in json.loads(said)), said


async def kinds_of(served: Served, cluster: str, job_id: int) -> set[EventKind]:
    """Return what the journal has of a job on a cluster."""
    store = Store(served.url)
    try:
        wanted = EventFilter(kind="job.*", job_id=job_id, cluster=cluster)
        found = await store.read(lambda connection: journal.find(connection, wanted, limit=100))
        return {one.event.kind for one in found}
    finally:
        await asyncio.to_thread(store.close)


async def test_on_a_further_cluster_and_on_the_first_by_one_command(slurm_cluster: Cluster, github: FakeGitHub) -> None:
    far = {"architecture": "aarch64/a64fx", "repositories": ["EESSI"], "cluster": "second"}
    with temporary_cluster(nodes=1) as other:
        served = Served(
            slurm_cluster,
            github,
            clusters={"second": other.bin},
            clusters__second={"bin": str(other.bin), "conf": str(other.slurm_conf)},
            builds__targets__far=far,
        )
        async with served.running():
            served.pull.head = served.origin.pull_request(7, {"bot/build.sh": SAYS + BUILD})
            await served.github.say(served.pull, "ada", "bot: build all confirmed repo:EESSI")
            await until(lambda: have_passed(served) == 2, PATIENCE, served.told)
            on = {job.target: job for job in await served.jobs_known()}
            for target, cluster in (("zen2", slurm_cluster), ("far", other)):
                await check_job(served, on[target], cluster)
            assert len({job.comment_id for job in on.values()}) == 2


def have_passed(served: Served) -> int:
    """Return how many jobs are told to be tested."""
    return sum("|test result|" in body for body in served.bodies())


def own_key(cluster: Cluster) -> Path:
    """Copy the key of a cluster's tokens for the service's account."""
    [key] = cluster.directory.rglob("jwt_hs256.key")
    place = Path(tempfile.mkdtemp(prefix="key-", dir=cluster.shared))
    copy = place / "key"
    copy.write_bytes(key.read_bytes())
    for path in (place, copy):
        shutil.chown(path, SERVICE, SERVICE)
    return copy


async def test_by_slurmrestd(slurm_cluster: Cluster, github: FakeGitHub) -> None:
    """The executor writes and reads files; jobs are submitted and released by slurmrestd."""
    rest = {"url": slurm_cluster.rest_url, "user": "root", "key_file": str(own_key(slurm_cluster))}
    served = Served(slurm_cluster, github, slurm={"driver": "rest"}, slurm__rest=rest)
    async with served.running():
        await builds(served, slurm_cluster)
        verbs = {line["verb"] for line in served.executor.audit() if "verb" in line}
        assert "open-write" in verbs
        assert not verbs & {"submit", "release", "cancel"}


async def test_by_ssh(slurm_cluster: Cluster, github: FakeGitHub) -> None:
    """The login node is a real sshd, and there is no executor."""
    with login_node() as node:
        for path in (node.directory / "keys").iterdir():
            shutil.chown(path, SERVICE, SERVICE)
        settings: dict[str, Any] = {**node.settings().model_dump(mode="json", exclude_none=True)}
        settings["bin"] = str(slurm_cluster.bin)
        served = Served(slurm_cluster, github, executor={"way": "ssh", "socket": "off"}, executor__ssh=settings)
        async with served.running():
            served.executor.stop()
            await builds(served, slurm_cluster)
        assert node.logins() >= 1
