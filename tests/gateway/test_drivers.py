"""The same jobs by other ways: slurmrestd, SSH, oneself, and PostgreSQL."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import httpx2
import pytest

from headgate.testing.cluster import Cluster, temporary_cluster
from tests.executor.sshd import login_node
from tests.gateway.site import Gateway

pytestmark = pytest.mark.slurm
WHERE = "#!/bin/bash\necho $SLURM_CLUSTER_NAME\n"
SCRIPT = "#!/bin/bash\nid -un\necho bad >&2\nexit 3\n"


@pytest.fixture
def place(slurm_cluster: Cluster) -> Path:
    """A directory for a service of the test's own."""
    return Path(tempfile.mkdtemp(prefix="service-", dir=slurm_cluster.shared))


async def runs(gateway: Gateway) -> None:
    """A job runs, is read, is stopped and deleted; the others see nothing of it."""
    async with gateway.client() as ada, gateway.client("ben") as ben:
        made = await gateway.submit(ada, script=SCRIPT, job_name="by another way", error="e.txt", time="5")
        over = await gateway.ended(ada, made["id"])
        assert (over["state"], over["exit_code"], over["failed"]) == ("FAILED", 3, True)
        assert (await ada.get(f"/jobs/{made['id']}/out")).text == "ada\n"
        assert (await ada.get(f"/jobs/{made['id']}/err")).text == "bad\n"
        assert (await ben.get(f"/jobs/{made['id']}")).status_code == 404
        long = await gateway.submit(ada, command="/bin/sleep", args=["300"])
        await gateway.until(ada, long["id"], lambda shown: shown["state"] == "RUNNING")
        assert (await ada.put(f"/jobs/{long['id']}/stop")).status_code == 204
        assert (await gateway.ended(ada, long["id"]))["state"] == "CANCELLED"
        refused = await ada.post("/jobs", json={"command": "/bin/true", "partition": "no-such-partition"})
        assert refused.status_code == 400, refused.text
        assert "partition" in refused.json()["detail"]
        for job in (made, long):
            assert (await ada.delete(f"/jobs/{job['id']}")).status_code == 200


async def test_by_slurmrestd(slurm_cluster: Cluster, place: Path) -> None:
    [key] = slurm_cluster.directory.rglob("jwt_hs256.key")
    copy = place / "key"
    copy.write_bytes(key.read_bytes())
    copy.chmod(0o644)  # the test's own copy, for the account that Headgate runs as
    rest = {"url": slurm_cluster.rest_url, "user": "root", "key_file": str(copy)}
    async with Gateway(slurm_cluster, place, None, slurm={"driver": "rest"}, slurm__rest=rest) as gateway:
        await runs(gateway)
        async with gateway.client() as ada:
            directive = await ada.post("/jobs", json={"script": "#!/bin/bash\n#SBATCH --time=1\nhostname\n"})
            assert directive.status_code == 400
            assert "#SBATCH" in directive.json()["detail"]


class AsAda(Gateway):
    """A gateway that a person runs for their own jobs: there is no executor that would act for them."""

    account = "ada"


async def test_by_oneself(slurm_cluster: Cluster, place: Path) -> None:
    async with AsAda(slurm_cluster, place, None, executor={"way": "self", "socket": "off"}) as gateway:
        gateway.executor.stop()
        await runs(gateway)
        async with gateway.client("ben") as ben:
            refused = await ben.post("/jobs", json={"command": "/bin/true"})
            assert refused.status_code == 403, refused.text


async def test_on_several_clusters(slurm_cluster: Cluster, place: Path) -> None:
    """Each job is run, watched and stopped where it was asked for, by the name Slurm gives the cluster."""
    with temporary_cluster(nodes=1) as other:
        second = {"bin": str(other.bin), "conf": str(other.slurm_conf)}
        itself = {"way": "self", "socket": "off"}
        async with AsAda(slurm_cluster, place, None, executor=itself, clusters__second=second) as gateway:
            gateway.executor.stop()
            async with gateway.client() as ada:
                names = [slurm_cluster.layout.name, other.layout.name]
                made = [await gateway.submit(ada, script=WHERE, cluster=name) for name in names]
                default = await gateway.submit(ada, script=WHERE)
                told = [(await gateway.ended(ada, one["id"]), await output(ada, one)) for one in (*made, default)]
                assert [(job["state"], job["cluster"], text) for job, text in told] == [
                    ("COMPLETED", name, f"{name}\n") for name in (*names, names[0])
                ]
                long = await gateway.submit(ada, command="/bin/sleep", args=["300"], cluster=names[1])
                await gateway.until(ada, long["id"], lambda shown: shown["state"] == "RUNNING")
                assert other.job_state(long["slurm_id"]) == "RUNNING"
                assert (await ada.put(f"/jobs/{long['id']}/stop")).status_code == 204
                assert (await gateway.ended(ada, long["id"]))["state"] == "CANCELLED"
                refused = await ada.post("/jobs", json={"command": "/bin/true", "cluster": "nowhere"})
                assert refused.status_code == 400, refused.text
                assert all(name in refused.json()["detail"] for name in names)


async def output(client: httpx2.AsyncClient, job: dict[str, Any]) -> str:
    """Return what a job has printed."""
    return (await client.get(f"/jobs/{job['id']}/out")).text


class AsRoot(Gateway):
    """A gateway that runs as who runs the tests, who alone reaches their PostgreSQL."""

    account = "root"


async def test_by_ssh(slurm_cluster: Cluster, place: Path) -> None:
    """The login node is a real sshd. Headgate runs as the one who owns the users' keys."""
    with login_node() as node:
        settings = {**node.settings().model_dump(mode="json", exclude_none=True), "bin": str(slurm_cluster.bin)}
        by_ssh = {"way": "ssh", "socket": "off"}
        async with AsRoot(slurm_cluster, place, None, executor=by_ssh, executor__ssh=settings) as gateway:
            gateway.executor.stop()
            await runs(gateway)
        assert node.logins() >= 1


@pytest.mark.postgresql
async def test_on_postgresql(slurm_cluster: Cluster, tmp_path: Path, prepared_url: str) -> None:
    async with AsRoot(slurm_cluster, tmp_path, prepared_url) as gateway:
        await runs(gateway)
        async with gateway.client(**{"Idempotency-Key": "once"}) as ada:
            answers = [await ada.post("/jobs", json={"command": "/bin/true"}) for _ in range(2)]
            assert [answer.status_code for answer in answers] == [201, 200]
            assert answers[0].json()["slurm_id"] == answers[1].json()["slurm_id"]
