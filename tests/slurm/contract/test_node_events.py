from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from headgate.model.node_outage import NodeOutage
from headgate.slurm.client import SlurmClient
from headgate.testing.cluster import Cluster

pytestmark = [pytest.mark.slurm, pytest.mark.contract]
REASON = "disk|x=1\nn9|1|2|3 \u00e9"


@pytest.fixture
def at_rest(slurm_cluster: Cluster) -> Iterator[Cluster]:
    """A cluster whose node n3 is put back into service afterwards."""
    yield slurm_cluster
    slurm_cluster.command("scontrol", "update", "nodename=n3", "state=down", "reason=put back")
    slurm_cluster.command("scontrol", "update", "nodename=n3", "state=resume")


async def told(client: SlurmClient, since: float, fits: Callable[[list[NodeOutage]], bool]) -> list[NodeOutage]:
    """The outages of n3, once slurmdbd tells what is expected."""
    deadline = time.monotonic() + 60
    while not fits(
        found := [one for one in await client.node_outages(since) if one.node == "n3" and one.start >= since]
    ):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.2)
    return found


async def test_outages_are_told_with_state_reason_user_and_times(client: SlurmClient, at_rest: Cluster) -> None:
    since = float(int(time.time()))
    at_rest.command("scontrol", "update", "nodename=n3", "state=drain", f"reason={REASON}")
    [drained] = await told(client, since, bool)
    assert drained.state.drained
    assert not drained.state.down
    assert (drained.reason, drained.user, drained.end) == (REASON, "root", None)
    await asyncio.sleep(1.1)  # slurmdbd keeps one outage a second
    at_rest.command("scontrol", "update", "nodename=n3", "state=down", "reason=dead")
    first, second = await told(client, since, lambda found: len(found) > 1)
    assert first.end == second.start
    assert second.state.down
    assert second.state.drained
    await asyncio.sleep(1.1)
    at_rest.command("scontrol", "update", "nodename=n3", "state=resume")
    first, second = await told(client, since, lambda found: found[-1].end is not None)
    assert second.end is not None
    assert second.start <= second.end <= time.time() + 1


async def test_partitions_and_controllers_are_seen(client: SlurmClient) -> None:
    partitions = await client.partitions()
    assert {"main", "short", "gpu"} <= set(partitions)
    assert partitions["main"]["State"] == "UP"
    assert list((await client.controllers()).values()) == [True]
