from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from headgate.config.slurm import SlurmSettings
from headgate.model.node import Node, NodeBase, NodeFlag
from headgate.slurm.client import SlurmClient
from headgate.testing.cluster import Cluster
from tests.slurm.operating.put_back import put_back

pytestmark = [pytest.mark.slurm, pytest.mark.contract]

QUIET = ("--output=/dev/null", "--chdir=/tmp")
SLEEP = "#!/bin/sh\nexec sleep 3000\n"
FORGERY = "c\nNodeName=n3 Arch=x\n   State=DOWN ThreadsPerCore=1\n   Reason=forged [root@1]"


@pytest.fixture
def client(operated_cluster: Cluster) -> SlurmClient:
    return SlurmClient(SlurmSettings(bin=operated_cluster.bin, conf=operated_cluster.slurm_conf))


@pytest.fixture
def at_rest(operated_cluster: Cluster) -> Iterator[Cluster]:
    """A cluster whose nodes are put back into service afterwards."""
    yield operated_cluster
    put_back(operated_cluster)


async def node(client: SlurmClient, name: str) -> Node:
    return next(one for one in await client.nodes() if one.name == name)


async def node_when(client: SlurmClient, name: str, wanted: Callable[[Node], bool]) -> Node:
    """A node, once it is as wanted."""
    deadline = time.monotonic() + 60
    while not wanted(one := await node(client, name)):
        assert time.monotonic() < deadline, f"{name} is {one.state.text}"
        await asyncio.sleep(0.1)
    return one


async def test_all_nodes_are_read_by_one_call(client: SlurmClient, operated_cluster: Cluster) -> None:
    await node_when(client, operated_cluster.nodes[-1], lambda one: one.state.responding and one.boot_time is not None)
    before = client.calls["scontrol"]
    nodes = await client.nodes()
    assert client.calls == {"scontrol": before + 1}
    assert [one.name for one in nodes] == list(operated_cluster.nodes)
    last = nodes[-1]
    assert (last.cpus, last.memory, last.tres["gres/gpu"]) == (16, 16000 << 20, 2)
    assert last.partitions == ("main", "short", "gpu")
    assert last.version.startswith(operated_cluster.slurm)
    assert last.state.base in (NodeBase.IDLE, NodeBase.MIXED)
    assert last.boot_time is not None
    assert last.slurmd_start_time is not None
    assert last.boot_time < last.slurmd_start_time <= time.time()
    assert client.refused == 0


async def test_node_drained_with_a_reason_of_two_lines(client: SlurmClient, at_rest: Cluster) -> None:
    begin = time.time()
    reason = 'disk "a" State=IDLE\nNodeName=n3 = gone'
    at_rest.command("scontrol", "update", "nodename=n2", "state=drain", f"reason={reason}")
    drained = await node_when(client, "n2", lambda one: one.state.drained)
    assert (drained.reason, drained.reason_user) == (reason, "root")
    assert drained.reason_time is not None
    assert abs(drained.reason_time - begin) < 60
    assert (await node(client, "n3")).reason == ""


async def test_node_with_a_job_drains_and_then_is_drained(client: SlurmClient, at_rest: Cluster) -> None:
    job = at_rest.submit("ada", SLEEP, *QUIET, "--nodelist=n1", "--cpus-per-task=3", "--mem=300M")
    at_rest.wait_for_job(job, ("RUNNING",))
    at_rest.command("scontrol", "update", "nodename=n1", "state=drain", "reason=later")
    draining = await node_when(client, "n1", lambda one: NodeFlag.DRAIN in one.state.flags)
    assert draining.state.draining
    assert not draining.state.drained
    assert draining.cpus_allocated >= 3
    assert draining.tres_allocated["mem"] >= 300 << 20
    [there] = await client.queue_on(["n1", "n2"])
    assert (there.attempt.job_id, there.user, there.nodes) == (job, "ada", "n1")
    assert await client.queue_on(["n2"]) == []
    at_rest.command("scancel", str(job))
    assert (await node_when(client, "n1", lambda one: one.state.drained)).tres_allocated == {}


async def test_node_set_to_fail(client: SlurmClient, at_rest: Cluster) -> None:
    at_rest.command("scontrol", "update", "nodename=n1", "state=fail", "reason=soon")
    failing = await node_when(client, "n1", lambda one: one.state.failing)
    assert (failing.state.down, failing.reason) == (False, "soon")


async def test_comment_that_looks_like_a_record_is_seen_through(client: SlurmClient, at_rest: Cluster) -> None:
    at_rest.command("scontrol", "update", "nodename=n2", f"comment={FORGERY}")
    nodes = {one.name: one for one in await client.nodes()}
    assert nodes["n2"].comment == FORGERY
    assert nodes["n3"].state.base is not NodeBase.DOWN
    assert nodes["n3"].reason == ""
    assert set(nodes) == set(at_rest.nodes)
    assert client.calls == {"scontrol": 3}  # all, and the two in doubt
